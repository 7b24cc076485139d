import type { AgentHealth, OrderState } from "./order.ts";

/** One release that runs on a target; digests as `digestOf` gives them. */
export interface RunningRelease {
  readonly app: string;
  readonly layer: string;
  readonly sequence: number;
  readonly version: string;
  readonly digest: string;
  readonly modules: readonly string[];
  /** Absent where whoever applies there judges no health. */
  readonly health?: AgentHealth;
  /** What is not there any more as it was delivered, in one sentence; where it cannot be noticed this is absent, too. */
  readonly changed?: string;
  /** What ran before it and can be put back. */
  readonly previous?: { readonly version: string; readonly digest: string };
}

/** The newest order taken per app and layer, also one that failed: the next sequence must be higher. */
export interface TakenOrder {
  readonly app: string;
  readonly layer: string;
  readonly sequence: number;
  readonly key: string;
  readonly state: OrderState;
}

/** What a target says of itself, whichever way it is reached. */
export interface TargetReport {
  /** Version of the agent, where there is one. */
  readonly version?: string;
  readonly apps: readonly RunningRelease[];
  readonly seen: readonly TakenOrder[];
}
