import { releasesOf } from "../api/layer.ts";
import type { DeploymentSpec } from "../api/deployment.ts";

/** Enough to tell two apart at a glance. */
const DIGEST_SHOWN = 20;

/** What an update brings, with every digit: who approves compares them. */
export const brought = (spec: DeploymentSpec): string =>
  releasesOf(spec)
    .map(({ layer, digest }) => (spec.layers === undefined ? digest : `${layer} ${digest}`))
    .join(", ");

/** The same for a screen. */
export const broughtShort = (spec: DeploymentSpec): string =>
  releasesOf(spec)
    .map(({ layer, digest }) => {
      const short = `${digest.slice(0, DIGEST_SHOWN)}…`;
      return spec.layers === undefined ? short : `${layer} ${short}`;
    })
    .join(", ");
