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
  /** The update it runs from the start, by index. */
  readonly runs?: number;
}

/** One small world to explore. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly updates: readonly Deployment[];
  readonly targets: readonly ModelTarget[];
  readonly people: readonly { readonly by: string; readonly slot: string }[];
  readonly budgets: Partial<Readonly<Record<Budget, number>>>;
  readonly faults: number;
  readonly settings: Settings;
}
