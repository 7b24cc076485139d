/** States of a step, at every level: target, tier, Deployment. The legal moves between them are in `core/moves.ts`. */
export const STATES = [
  "Waiting",
  "Delivering",
  "Verifying",
  "Passed",
  "Held",
  "RollingBack",
  "RolledBack",
  "Cancelled",
  "Superseded",
  "Refused",
  "Deleted",
] as const;
export type State = (typeof STATES)[number];

/** What people read: the state of the current tier, or how the update ended. Nothing depends on it. */
export const PHASES = [
  "Waiting",
  "AwaitingApproval",
  "Delivering",
  "Verifying",
  "Held",
  "RollingBack",
  "RolledBack",
  "Completed",
  "Cancelled",
  "Superseded",
  "Refused",
] as const;
export type Phase = (typeof PHASES)[number];
