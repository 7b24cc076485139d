/** One wrong thing at one place of one workload: plans are data, so that every one of them can be named, counted and repeated. */
export interface Plan {
  readonly workload: string;
  readonly fault: Fault;
  /** Where: a request site `update:servers/status:staging#2`, an event of a watch `event:jobs#3`, `*#7` for every seventh request, or `run`. */
  readonly site: string;
}

/** What may come back instead of the reply; the request is handed on for those that say so. */
export const REPLY_FAULTS = [
  "401",
  "403",
  "404",
  "409",
  "422",
  "429",
  "500",
  "503",
  /** Handed on, and then a gateway gives up. */
  "504",
  "reset-before",
  /** Handed on. */
  "reset-after",
  /** Handed on, and nothing ever comes back. */
  "hang",
  /** Comes late to the server. */
  "slow",
  /** Handed on at once; the reply comes late, and what it says is old by then. */
  "late",
  /** Handed on; the connection ends in the middle of the reply. */
  "truncated",
  /** Handed on; the reply ends in the middle of its JSON, and says it is complete. */
  "garbled",
] as const;
export const CRASH_FAULTS = ["crash-before", "crash-after-commit", "crash-after-reply"] as const;
export const WATCH_FAULTS = [
  "watch-cut",
  "watch-410-status",
  "watch-410-stream",
  "watch-500-stream",
  "watch-half-open",
  "watch-gap",
  "watch-duplicate",
  "watch-delay",
  "watch-stale-replay",
  "watch-relist-fails",
  /** A deletion and the creation after it are told as one change. */
  "watch-merged",
] as const;
/** What is wrong during the whole run; where two lead, one of them hears late at a place, when the other one has gone on. */
export const RUN_FAULTS = ["two-leaders", "failover", "paused-leader"] as const;

export type ReplyFault = (typeof REPLY_FAULTS)[number];
export type CrashFault = (typeof CRASH_FAULTS)[number];
export type WatchFault = (typeof WATCH_FAULTS)[number];
export type RunFault = (typeof RUN_FAULTS)[number];
export type Fault = ReplyFault | CrashFault | WatchFault | RunFault;
export const FAULTS: readonly Fault[] = [...REPLY_FAULTS, ...CRASH_FAULTS, ...WATCH_FAULTS, ...RUN_FAULTS];

const among = <T extends string>(known: readonly T[], text: string): text is T => known.some((one) => one === text);
export const isReplyFault = (fault: string): fault is ReplyFault => among(REPLY_FAULTS, fault);
export const isCrashFault = (fault: string): fault is CrashFault => among(CRASH_FAULTS, fault);
export const isWatchFault = (fault: string): fault is WatchFault => among(WATCH_FAULTS, fault);

export const planId = ({ workload, fault, site }: Plan): string => `${workload}/${fault}@${site}`;

export function parsePlan(id: string): Plan {
  const [, workload = "", fault = "", site = ""] = /^([a-z-]+)\/([^@]+)@(.+)$/.exec(id) ?? [];
  const known = FAULTS.find((one) => one === fault);
  if (known === undefined)
    throw new Error(`"${id}" is no plan: it is <workload>/<fault>@<site>, with one of the faults ${FAULTS.join(", ")}`);
  return { workload, fault: known, site };
}

/** Whether this occurrence, `update:servers/status:staging#2` and the 31st request of all, is where the fault is. */
export const isAt = (plan: Plan | undefined, site: string, ordinalOfAll: number): boolean => {
  if (plan === undefined) return false;
  if (!plan.site.startsWith("*#")) return plan.site === site;
  return ordinalOfAll % Number(plan.site.slice(2)) === 0;
};
