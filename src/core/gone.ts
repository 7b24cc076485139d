import { type RecordSpec, seal } from "../api/record.ts";
import type { Leftover } from "./decision.ts";
import { isOver } from "./moves.ts";
import { progressOf } from "./progress.ts";
import type { SeenJob, SeenTarget } from "./observed.ts";
import { BY_OPERATOR, timeOf, write } from "./record.ts";
import { releaseOf } from "./cleanup.ts";
import { isClaimedBy } from "./situation.ts";

/** What is left of an update whose Deployment was deleted. */
export interface GoneUpdate {
  readonly uid: string;
  readonly records: readonly RecordSpec[];
  readonly targets: readonly SeenTarget[];
  readonly jobs: readonly SeenJob[];
}

/** Deleting stops an update and undoes nothing: what it held is let go, and its chain says so. */
export function decideGone({ uid, records, targets, jobs }: GoneUpdate, now: number): readonly Leftover[] {
  const head = records.at(-1);
  const farewell = head === undefined || head.to === "Deleted" ? [] : [write(deleted(head, now))];
  const begun = new Set(
    Object.values(progressOf(records).tiers).flatMap((tier) =>
      [...tier.targets.values()].flatMap((at) => (isOver(at.state) || at.state === "RolledBack" ? [] : [at.uid])),
    ),
  );
  const nameOf = (seen: SeenTarget): string | undefined =>
    begun.has(seen.target.metadata.uid) ? head?.deployment.name : undefined;
  const claims = targets.flatMap((seen) =>
    (seen.target.status.apps ?? [])
      .filter(({ app }) => isClaimedBy(seen.target, app, uid))
      .map(({ app }) => releaseOf(seen, app, nameOf(seen))),
  );
  return [
    ...farewell,
    ...claims,
    ...jobs.filter((job) => job.held).map((job): Leftover => ({ do: "releaseJob", name: job.name, remove: true })),
  ];
}

const deleted = (head: RecordSpec, now: number): RecordSpec =>
  seal({
    seq: head.seq + 1,
    previous: head.hash,
    time: timeOf(now),
    deployment: head.deployment,
    app: head.app,
    version: head.version,
    artifacts: head.artifacts,
    to: "Deleted",
    reason: "DeploymentDeleted",
    message: "the Deployment was deleted: what was delivered stays where it is",
    actor: { name: BY_OPERATOR.name, known: "Operator" },
  });
