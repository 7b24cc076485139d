import { parseCheckDocument } from "../api/check-run.ts";
import { digestOfUpdate, releasesOf } from "../api/layer.ts";
import type { RecordSpec } from "../api/record.ts";
import type { AppState } from "../api/target.ts";
import type { Effect, Leftover } from "./decision.ts";
import { isOver } from "./moves.ts";
import { groupsOf, isFailedRestore, isTaken } from "./rollback.ts";
import type { Observed, SeenJob, SeenTarget } from "./observed.ts";
import type { Progress, TargetProgress } from "./progress.ts";
import { appState, isClaimedBy } from "./situation.ts";

/** What was held for a step and is not needed any more: claims of targets that passed, Jobs whose evidence is recorded. */
export function cleanup(observed: Observed, progress: Progress): readonly Effect[] {
  const { metadata, spec } = observed.deployment;
  const goingBack = uidsGoingBack(observed, progress);
  const release = observed.targets
    .filter(({ target }) => isClaimedBy(target, spec.app, metadata.uid))
    .flatMap((seen): Effect[] => {
      const at = progressAt(progress, seen);
      if (goingBack.has(seen.target.metadata.uid)) return [];
      if (at?.state === "RolledBack")
        return [{ do: "release", target: seen.target, app: restoredState(seen, at, spec.app) }];
      if (at?.state === "Passed" && progress.end === undefined && isToHeal(observed, seen, at)) return [];
      if (at?.state === "Passed") return [{ do: "release", target: seen.target, app: passedState(observed, seen, at) }];
      // What was about to begin when something else was taken back does not begin any more.
      const waits = at === undefined && progress.reversed;
      return progress.end === undefined && !waits && !(at && isOver(at.state))
        ? []
        : [releaseOf(seen, spec.app, at && !isOver(at.state) ? metadata.name : undefined)];
    });
  const jobs = observed.jobs
    .filter((job) => job.held && !isNeeded(progress, job))
    .map((job): Effect => ({ do: "releaseJob", name: job.name, remove: stillRuns(job) }));
  return [...release, ...jobs];
}

/**
 * A claim that ends without the update having passed: what ran before is what the target is known for. Where the update had
 * begun there (`begunBy`) nobody knows what is right from then on.
 */
export function releaseOf({ target }: SeenTarget, app: string, begunBy?: string): Leftover {
  const { claim: _, ...rest } = appState(target, app) ?? { app, sequence: 0 };
  return { do: "release", target, app: { ...rest, ...(begunBy !== undefined && { unsettled: begunBy }) } };
}

/** What is, or is next to be, put back keeps its claim until it is. */
function uidsGoingBack(observed: Observed, progress: Progress): ReadonlySet<string> {
  const next = progress.rollbacks.flatMap(({ tier }) => groupsOf(tier, observed, progress).flat().filter(isTaken));
  const now = Object.values(progress.tiers).flatMap(({ targets }) =>
    [...targets.values()].filter((at) => at.state === "RollingBack" || isFailedRestore(at)),
  );
  return new Set([...next.map(({ at }) => at.uid), ...now.map(({ uid }) => uid)]);
}

/** A claim to deliver again what this update is known for there is given back where that is decided; any other came too late. */
function isToHeal({ deployment }: Observed, { target }: SeenTarget, at: TargetProgress): boolean {
  const { metadata, spec } = deployment;
  const app = appState(target, spec.app);
  return (
    target.spec.drift === "Heal" &&
    app !== undefined &&
    app.sequence > at.sequence &&
    app.deployment === metadata.name &&
    app.digest === digestOfUpdate(spec)
  );
}

/** What was verified before, where it runs again; else what runs now, which nobody verified here. */
function restoredState({ target }: SeenTarget, at: TargetProgress, app: string): AppState {
  const { claim: _, unsettled, ...before } = appState(target, app) ?? { app, sequence: at.sequence };
  const runs = at.record.targets?.find(({ uid }) => uid === at.uid)?.runs;
  // What another update left half way was only kept from being replaced: it is as little known to be right as before.
  if (unsettled !== undefined && runs?.digest !== before.digest && runs?.digest !== before.before?.digest)
    return { ...before, unsettled };
  if (runs !== undefined && runs.digest === before.digest) return before;
  const { sequence, restoredAt } = before;
  const known = runs !== undefined && runs.digest === before.before?.digest ? before.before : runs;
  return { app, sequence, ...(restoredAt && { restoredAt }), ...(known && { ...known, since: at.record.time }) };
}

const progressAt = (progress: Progress, { target }: SeenTarget): TargetProgress | undefined =>
  Object.values(progress.tiers)
    .map((tier) => tier.targets.get(target.metadata.uid))
    .find((at) => at !== undefined);

/** A Job whose pods have all ended completes by itself and is kept for a while, for people to look at. */
const stillRuns = (job: SeenJob): boolean =>
  job.finished === undefined && (job.pods.length === 0 || job.pods.some((pod) => pod.terminated === undefined));

function isNeeded(progress: Progress, job: SeenJob): boolean {
  if (progress.end !== undefined) return false;
  return Object.values(progress.tiers).some((tier) => {
    const at = tier.targets.get(job.targetUid);
    return at?.state === "Verifying" && at.attempt === job.attempt;
  });
}

function passedState({ deployment }: Observed, { target }: SeenTarget, at: TargetProgress): AppState {
  const {
    claim: _,
    unsettled: _unsettled,
    layers,
    ...before
  } = appState(target, deployment.spec.app) ?? {
    app: deployment.spec.app,
    sequence: at.sequence,
  };
  const baseline = baselineIn(at.record, target.metadata.name);
  const { version, digest } = before;
  const { spec } = deployment;
  const older = version !== undefined && digest !== undefined && digest !== digestOfUpdate(spec);
  return {
    ...before,
    ...(older && {
      before: {
        version,
        digest,
        ...(layers && { layers }),
        ...(before.deployment && { deployment: before.deployment }),
      },
    }),
    version: spec.version,
    digest: digestOfUpdate(spec),
    ...(spec.layers && { layers: [...releasesOf(spec)] }),
    deployment: deployment.metadata.name,
    since: at.record.time,
    ...(baseline && { baseline }),
  };
}

/** The next run is compared with the last one that passed. */
function baselineIn(record: RecordSpec, target: string): AppState["baseline"] {
  const found = record.evidence?.find((item) => item.target === target && item.category === "Performance Baseline");
  return found?.document === undefined ? undefined : parseCheckDocument(found.document)?.baseline;
}
