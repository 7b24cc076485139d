import { digestOfLayers, digestOfUpdate, isOnlyMain, type LayerRelease, MAIN } from "../api/layer.ts";
import { orderEnded } from "../api/order.ts";
import type { RecordTarget } from "../api/record.ts";
import type { RunningRelease, TakenOrder, TargetReport } from "../api/report.ts";
import { compareVersions } from "../api/version.ts";
import type { Mainframe } from "../api/mainframe.ts";
import type { Server } from "../api/server.ts";
import type { AppState } from "../api/target.ts";
import type { Tier } from "../api/group.ts";
import type { Observed, SeenTarget } from "./observed.ts";
import type { Progress, TargetProgress, TierProgress } from "./progress.ts";
import { isOver } from "./moves.ts";
import { targetsOf } from "./tiers.ts";
import { tokenOf, type TierToken } from "./token.ts";

/** Where the update stands in its current tier: what every part of the judgement starts from. */
export interface Situation {
  readonly observed: Observed;
  readonly now: number;
  readonly progress: Progress;
  readonly tier: Tier;
  readonly token: TierToken;
  readonly targets: readonly SeenTarget[];
}

export function situationAt(tier: Tier, observed: Observed, progress: Progress, now: number): Situation {
  let token: TierToken | undefined;
  return {
    observed,
    now,
    progress,
    tier,
    // Only where it is asked for: it is a hash over all that the tier rests on.
    get token() {
      return (token ??= tokenOf(tier, observed));
    },
    targets: targetsOf(tier, observed.targets, progress),
  };
}

export const tierProgress = ({ progress, tier }: Situation): TierProgress => progress.tiers[tier];

export const progressOfTarget = (situation: Situation, seen: SeenTarget): TargetProgress | undefined =>
  tierProgress(situation).targets.get(seen.target.metadata.uid);

export const stateOf = (situation: Situation, seen: SeenTarget) =>
  progressOfTarget(situation, seen)?.state ?? "Waiting";

/** Targets in a state, with how they got there. */
export const targetsIn = (situation: Situation, state: TargetProgress["state"]) =>
  situation.targets.flatMap((seen) => {
    const at = progressOfTarget(situation, seen);
    return at?.state === state ? [{ seen, at }] : [];
  });

/** Targets that began and are not there any more: unknown is not passed. */
export const vanished = (situation: Situation): readonly TargetProgress[] => {
  const here = new Set(situation.targets.map((seen) => seen.target.metadata.uid));
  return [...tierProgress(situation).targets.values()].filter(
    (at) => !here.has(at.uid) && !isOver(at.state) && at.state !== "RolledBack",
  );
};

export const appState = (target: Server | Mainframe, app: string): AppState | undefined =>
  target.status.apps?.find((state) => state.app === app);

export const isClaimedBy = (target: Server | Mainframe, app: string, uid: string): boolean =>
  appState(target, app)?.claim?.uid === uid;

/** What a target says runs of an app, all its layers together. */
export interface Running {
  readonly version: string;
  readonly digest: string;
  /** The newest of its layers. */
  readonly sequence: number;
  readonly layers: readonly RunningRelease[];
  /** What is not there any more as it was delivered, a sentence each. */
  readonly changed: readonly string[];
}

/** Of an app with several layers the version is what is known for just these, else the highest among them. */
export function running(target: Server | Mainframe, status: TargetReport, app: string): Running | undefined {
  const layers = status.apps.filter((item) => item.app === app);
  const [newest] = [...layers].sort((a, b) => compareVersions(b.version, a.version));
  if (newest === undefined) return undefined;
  const digest = digestOfLayers(layers);
  const known = appState(target, app);
  return {
    version: !isOnlyMain(layers) && known?.digest === digest ? (known.version ?? newest.version) : newest.version,
    digest,
    sequence: Math.max(...layers.map(({ sequence }) => sequence)),
    layers,
    changed: layers.flatMap((layer) => layer.changed ?? []),
  };
}

/** The same for a record or a status: the layers are named only where there are several. */
export const releaseThere = ({ version, digest, layers }: Running): NonNullable<RecordTarget["runs"]> => ({
  version,
  digest,
  ...(!isOnlyMain(layers) && {
    layers: layers.map(({ layer, version: of, digest: what }) => ({ layer, version: of, digest: what })),
  }),
});

/** What was once verified, in the layers it had. */
interface Known {
  readonly version: string;
  readonly digest: string;
  readonly layers?: readonly LayerRelease[] | undefined;
}

const layerIn = ({ version, digest, layers }: Known, name: string) =>
  layers === undefined ? (name === MAIN ? { version, digest } : undefined) : layers.find(({ layer }) => layer === name);

/**
 * What a rollback puts back in a layer: what was last verified there, or where nobody knows (a cluster built anew) what the agent says
 * ran before.
 */
export function lastGood(
  { observed }: Situation,
  target: Server | Mainframe,
  status: TargetReport,
  layer: string,
): { readonly version: string; readonly digest: string } | undefined {
  const { spec } = observed.deployment;
  const known = lastVerified(appState(target, spec.app), digestOfUpdate(spec));
  const found =
    known === undefined
      ? status.apps.find((item) => item.app === spec.app && item.layer === layer)?.previous
      : layerIn(known, layer);
  return found && { version: found.version, digest: found.digest };
}

/** What was verified before this update was. */
function lastVerified(state: AppState | undefined, ofUpdate: string): Known | undefined {
  if (state?.version !== undefined && state.digest !== undefined && state.digest !== ofUpdate)
    return { version: state.version, digest: state.digest, layers: state.layers };
  return state?.before;
}

export const runsThis = ({ observed }: Situation, target: Server | Mainframe, status: TargetReport): boolean =>
  running(target, status, observed.deployment.spec.app)?.digest === digestOfUpdate(observed.deployment.spec);

/** The order of an app that a target is at, where it is at one. */
export const unfinishedOrder = (status: TargetReport, app: string): TakenOrder | undefined =>
  status.seen.find((item) => item.app === app && !orderEnded(item.state));

/** The next sequence for this app on this target: above what is stored and above whatever the target has seen. */
export function nextSequence(target: Server | Mainframe, app: string, status: TargetReport): number {
  const seen = status.seen.flatMap((item) => (item.app === app ? [item.sequence] : []));
  return Math.max(appState(target, app)?.sequence ?? 0, ...seen) + 1;
}
