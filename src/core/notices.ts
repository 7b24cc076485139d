import type { DeploymentStatus } from "../api/deployment.ts";
import type { NoticeName } from "../api/notification.ts";
import { TIME_GATES, type RecordSpec } from "../api/record.ts";

/** Something that somebody should be told of an update. */
export interface Notice {
  readonly what: NoticeName;
  /** What makes it this one and not a later one of its kind. */
  readonly key: string;
  /** Since when it is so. */
  readonly time: string;
  readonly message: string;
  readonly record?: RecordSpec;
}

/** Approvals are worth asking for also while a gate is shut that time will open. */
const MAY_BE_SHUT_BESIDE: readonly string[] = ["approvals", ...TIME_GATES];

/** What became worth telling between what the status said before and what it says now. */
export function newNotices(
  before: DeploymentStatus,
  after: DeploymentStatus,
  records: readonly RecordSpec[],
): readonly Notice[] {
  const recent = records.slice(before.records?.count ?? 0);
  const same = before.phase === after.phase;
  return [
    ...recent.flatMap(overridden),
    ...awaiting(after).filter(({ key }) => awaiting(before).every((known) => known.key !== key)),
    ...held(after, records).filter(() => !same || recent.some(({ to }) => to === "Held")),
    ...ended(after, records).filter(() => !same),
  ];
}

/** What is worth telling again where nobody knows what was told: what waits for a person now, and what happened since a time. */
export function standingNotices(
  status: DeploymentStatus,
  records: readonly RecordSpec[],
  since: number,
): readonly Notice[] {
  return [
    ...records.filter(({ time }) => Date.parse(time) >= since).flatMap(overridden),
    ...awaiting(status),
    ...held(status, records),
    ...ended(status, records).filter(({ time }) => Date.parse(time) >= since),
  ];
}

function awaiting({ blockedBy = [], tier, message = "" }: DeploymentStatus): readonly Notice[] {
  const shut = blockedBy.find(({ gate }) => gate === "approvals");
  if (shut === undefined || blockedBy.some(({ gate }) => !MAY_BE_SHUT_BESIDE.includes(gate))) return [];
  return [{ what: "awaiting-approval", key: `${tier ?? ""} ${shut.token ?? ""}`, time: shut.since, message }];
}

function held({ phase, message = "" }: DeploymentStatus, records: readonly RecordSpec[]): readonly Notice[] {
  const record = phase === "Held" ? records.findLast(({ to }) => to === "Held") : undefined;
  return record === undefined ? [] : [{ what: "held", key: record.hash, time: record.time, message, record }];
}

function ended({ phase, message = "" }: DeploymentStatus, records: readonly RecordSpec[]): readonly Notice[] {
  const what = phase === "Completed" ? "completed" : phase === "RolledBack" ? "rolled-back" : undefined;
  const record = records.at(-1);
  return what === undefined || record === undefined
    ? []
    : [{ what, key: record.hash, time: record.time, message, record }];
}

function overridden(record: RecordSpec): readonly Notice[] {
  const { overrides = [], hash: key, time, message } = record;
  return overrides.length === 0 ? [] : [{ what: "overridden", key, time, message, record }];
}
