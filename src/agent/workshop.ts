import type { Dispatcher } from "undici";
import type { AgentConfig } from "./config.ts";
import type { HealthProbe } from "./health.ts";
import type { Journal } from "./journal.ts";
import type { Judge } from "./leave.ts";

/** The moments between two effects on disk, in order; an agent that dies at any of them comes to the same end when started again. */
export const STEPS = [
  "accepted",
  "fetching",
  "fetched",
  "unpacking",
  "unpacked",
  "switching",
  "switched",
  "counted",
  "hooked",
  "healthy",
  "applied",
] as const;
export type Step = (typeof STEPS)[number];

const BRINGING: readonly Step[] = ["fetching", "fetched", "unpacking", "unpacked"];

/** The moments of a restore: the same, but nothing is brought. One that finds everything as it should be goes from the first to the last. */
export const RESTORE_STEPS: readonly Step[] = STEPS.filter((step) => !BRINGING.includes(step));

export interface Workshop {
  readonly config: AgentConfig;
  readonly journal: Journal;
  readonly source: Dispatcher;
  readonly health: HealthProbe;
  readonly judge: Judge;
  readonly now: () => Date;
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void;
  readonly onStep: (step: Step, key: string) => void;
}
