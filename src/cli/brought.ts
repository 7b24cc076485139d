import type { DeploymentSpec } from "../api/deployment.ts";
import { type LayerRelease, MAIN, releasesOf } from "../api/layer.ts";
import type { Target } from "./kinds.ts";
import { shownAs } from "./names.ts";
import { type Column, table } from "./table.ts";

/** Enough to tell two apart at a glance. */
const DIGEST_SHOWN = 20;

export const shortDigest = (digest: string): string =>
  digest.length > DIGEST_SHOWN ? `${digest.slice(0, DIGEST_SHOWN)}…` : digest;

/** What an update brings, in a few words: an artifact with its digest, or how many layers. */
export function brought(spec: DeploymentSpec, digestAs: (digest: string) => string): string {
  const all = releasesOf(spec);
  if (spec.layers === undefined) return all.map(({ digest }) => digestAs(digest)).join("");
  return `${all.length} layer${all.length === 1 ? "" : "s"}`;
}

/** The layers of an app that were last verified on a target; an app of one artifact has one. */
export function layersOn({ status }: Target, app: string): readonly LayerRelease[] {
  const runs = status?.apps?.find((state) => state.app === app);
  if (runs?.version === undefined || runs.digest === undefined) return [];
  return runs.layers ?? [{ layer: MAIN, version: runs.version, digest: runs.digest }];
}

/** Whether a layer would come anew to these targets, or is what they run already. */
function newness({ layer, digest }: LayerRelease, app: string, targets: readonly Target[]): string {
  const without = targets.filter(
    (target) => !layersOn(target, app).some((there) => there.layer === layer && there.digest === digest),
  );
  if (targets.length === 0 || without.length === targets.length) return "new";
  return without.length === 0 ? "unchanged" : `new on ${without.map(shownAs).join(", ")}`;
}

/** A line per layer of an update that has several; against what these targets run, where it is not there yet. */
export function layerLines(
  spec: DeploymentSpec,
  targets: readonly Target[] | undefined,
  width: number,
): readonly string[] {
  if (spec.layers === undefined) return [];
  const columns: readonly Column<LayerRelease>[] = [
    { title: "LAYER", of: ({ layer }) => layer },
    { title: "VERSION", of: ({ version }) => version, leave: 1 },
    { title: "DIGEST", of: ({ digest }) => shortDigest(digest), leave: 2 },
    ...(targets === undefined
      ? []
      : [{ title: "IS", of: (release: LayerRelease) => newness(release, spec.app, targets) }]),
  ];
  return table(columns, releasesOf(spec), width);
}
