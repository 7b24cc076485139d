import { digestOf } from "../api/artifact.ts";
import type { TargetReport } from "../api/report.ts";
import type { Mainframe } from "../api/mainframe.ts";
import type { Server } from "../api/server.ts";
import type { AppState } from "../api/target.ts";
import type { Tier } from "../api/group.ts";
import type { Observed, SeenTarget } from "./observed.ts";
import type { Progress, TargetProgress, TierProgress } from "./progress.ts";
import { isOver } from "./moves.ts";
import { LAYER } from "./record.ts";
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

/** What the target says runs for this app. */
export function running(
  status: TargetReport,
  app: string,
): { readonly version: string; readonly digest: string; readonly sequence: number } | undefined {
  const found = status.apps.find((item) => item.app === app && item.layer === LAYER);
  return found && { version: found.version, digest: found.digest, sequence: found.sequence };
}

/**
 * What a rollback puts back: what was last verified there, or where nobody knows (a cluster built anew) what the agent says
 * ran before.
 */
export function lastGood(
  { observed }: Situation,
  target: Server | Mainframe,
  status: TargetReport,
): { readonly version: string; readonly digest: string } | undefined {
  const { spec } = observed.deployment;
  const known = appState(target, spec.app);
  if (known?.version !== undefined && known.digest !== undefined && known.digest !== digestOf(spec.artifact))
    return { version: known.version, digest: known.digest };
  if (known?.before !== undefined) return { version: known.before.version, digest: known.before.digest };
  return status.apps.find((item) => item.app === spec.app && item.layer === LAYER)?.previous;
}

export const runsThis = ({ observed }: Situation, status: TargetReport): boolean =>
  running(status, observed.deployment.spec.app)?.digest === digestOf(observed.deployment.spec.artifact);

/** The next sequence for this app on this target: above what is stored and above whatever the target has seen. */
export function nextSequence(target: Server | Mainframe, app: string, status: TargetReport): number {
  const seen = status.seen.find((item) => item.app === app && item.layer === LAYER)?.sequence ?? 0;
  return Math.max(appState(target, app)?.sequence ?? 0, seen) + 1;
}
