import type { Deployment } from "../../../src/api/deployment.ts";
import type { Mainframe } from "../../../src/api/mainframe.ts";
import type { Server } from "../../../src/api/server.ts";
import type { SeenLicence, Settings } from "../../../src/core/observed.ts";

/** What may go wrong, and what people may do; each at most so often in one run. */
export const BUDGETS = [
  "crash",
  "lostReply",
  "conflict",
  "silence",
  "delay",
  "clock",
  "badOutcome",
  "approve",
  "withdraw",
  "cancel",
  "verify",
  "rollback",
  "forget",
  "policiesOff",
  "forge",
  "respec",
  "remove",
] as const;
export type Budget = (typeof BUDGETS)[number];

/** Of the budgets those that are faults; together they are bounded, too. */
export const FAULTS: readonly Budget[] = ["crash", "lostReply", "conflict", "silence", "delay", "clock"];

export interface ModelTarget {
  /** The target as first created, and as its administrator changes it. */
  readonly specs: readonly [Server | Mainframe, ...(readonly (Server | Mainframe)[])];
  readonly licence?: SeenLicence;
  /** What its agent runs from the start: what an update brings, by index, which nobody here knows of, or what was verified before all of them. */
  readonly runs?: number | "before";
}

/** One small world to explore. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** What people do, one after the other and each when nothing happens any more by itself, before anything can go wrong. */
  readonly lead?: readonly string[];
  readonly updates: readonly Deployment[];
  readonly targets: readonly ModelTarget[];
  readonly people: readonly { readonly by: string; readonly slot: string }[];
  readonly budgets: Partial<Readonly<Record<Budget, number>>>;
  readonly faults: number;
  readonly settings: Settings;
}
