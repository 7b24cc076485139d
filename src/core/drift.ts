import { deploymentRef, GROUP } from "../api/group.ts";
import type { Mainframe } from "../api/mainframe.ts";
import { isOnlyMain, type LayerRelease, MAIN } from "../api/layer.ts";
import type { TargetReport } from "../api/report.ts";
import type { Server } from "../api/server.ts";
import { compareVersions } from "../api/version.ts";
import { appState, type Running, running, unfinishedOrder } from "./situation.ts";
import { speakerOf } from "./ways.ts";

/** Something else runs than what was last verified there, and no update is at work on it. */
export interface Drift {
  readonly app: string;
  readonly delivered: Release & { readonly deployment?: string; readonly since?: string };
  /** Absent where the agent knows nothing that runs: `current` is gone, or points at what it never switched to. */
  readonly runs?: Release;
  /** What runs is what was delivered, and these parts of it are not as they were delivered any more; each is a sentence. */
  readonly changed?: readonly string[];
  /** Of an app with several layers: what is wrong with which, each a part of a sentence. */
  readonly layers?: readonly string[];
}

interface Release {
  readonly version: string;
  readonly digest: string;
}

/**
 * Whether an app drifted on a target, by what its agent says now. Nothing is judged while somebody is at work there (a claim, an
 * order that has not ended), nor where nothing is known to be right (nothing has passed, or an update was let go half way).
 */
export function driftOf(target: Server | Mainframe, status: TargetReport, app: string): Drift | undefined {
  const state = appState(target, app);
  if (state?.version === undefined || state.digest === undefined) return undefined;
  if (state.claim !== undefined || state.unsettled !== undefined) return undefined;
  if (unfinishedOrder(status, app) !== undefined) return undefined;
  const { version, digest, deployment, since } = state;
  const runs = running(target, status, app);
  const changed = runs?.changed ?? [];
  const same = runs?.digest === digest && compareVersions(runs.version, version) === 0;
  if (same && changed.length === 0) return undefined;
  return {
    app,
    delivered: {
      version,
      digest,
      ...(deployment !== undefined && { deployment }),
      ...(since !== undefined && { since }),
    },
    ...(runs !== undefined && { runs: { version: runs.version, digest: runs.digest } }),
    ...(same && { changed }),
    ...(runs !== undefined && otherLayers(state.layers ?? [{ layer: MAIN, version, digest }], runs)),
  };
}

/** Which layers they are, where the app has several. */
function otherLayers(delivered: readonly LayerRelease[], { layers }: Running): Pick<Drift, "layers"> {
  if (isOnlyMain(delivered) && isOnlyMain(layers)) return {};
  const wrong = delivered.flatMap(({ layer, version, digest }) => {
    const there = layers.find((one) => one.layer === layer);
    if (there?.digest === digest) return [];
    return [`${layer} ${there === undefined ? "does not run" : `runs ${there.version}`} instead of ${version}`];
  });
  const more = layers.filter(({ layer }) => !delivered.some((one) => one.layer === layer));
  return { layers: [...wrong, ...more.map(({ layer }) => `${layer} runs, which no update delivered`)] };
}

export const driftsOf = (target: Server | Mainframe, status: TargetReport): readonly Drift[] =>
  (target.status.apps ?? []).flatMap(({ app }) => driftOf(target, status, app) ?? []);

/** What people are told: what runs, what should, since when, and who puts it right how. */
export function driftSentence(target: Server | Mainframe, drift: Drift, isThere: (update: string) => boolean): string {
  const { app, delivered, runs, layers, changed } = drift;
  const by = delivered.deployment === undefined ? "" : ` by ${deploymentRef(delivered.deployment)}`;
  const on = delivered.since === undefined ? "" : ` and passed at ${delivered.since}`;
  if (changed !== undefined)
    return `${changed.join("; ")} since ${app} ${delivered.version} was delivered${by}${on}: ${wayOut(target, delivered, isThere)}`;
  const same = runs !== undefined && compareVersions(runs.version, delivered.version) === 0;
  const named = ({ version, digest }: Release): string => (same ? `${version} (${short(digest)})` : version);
  const now =
    runs === undefined
      ? `nothing its ${speakerOf(target)} switched to runs of ${app}`
      : layers === undefined
        ? `it runs ${app} ${named(runs)}`
        : `of the layers of ${app}, ${layers.join(", ")}`;
  return `${now}, but ${layers === undefined ? named(delivered) : delivered.version} was delivered${by}${on}: ${wayOut(target, delivered, isThere)}`;
}

function wayOut(
  { kind, metadata, spec }: Server | Mainframe,
  { version, deployment }: Drift["delivered"],
  isThere: (update: string) => boolean,
): string {
  const again = `deliver ${version} again as a new update, or what should run instead`;
  if (deployment === undefined || !isThere(deployment))
    return `the update that brought it delivers nothing any more, so ${again}`;
  if (spec.drift === "Heal") return `${deploymentRef(deployment)} delivers it again, at most once an hour`;
  const ref = `${kind.toLowerCase()}s.${GROUP}/${metadata.name}`;
  return `it is only told here (drift: Flag); let it be delivered again with kubectl patch ${ref} -n ${metadata.namespace} --type=merge -p '{"spec":{"drift":"Heal"}}', or ${again}`;
}

const short = (digest: string): string => digest.slice(0, "sha256:".length + 12);
