import type { RecordTarget } from "../api/record.ts";
import { isOver } from "./moves.ts";
import type { SeenTarget } from "./observed.ts";
import { type Situation, stateOf, tierProgress, vanished } from "./situation.ts";

/** Whether the tier has passed once these targets have: nobody left to wait for, and none lost on the way. */
export function completes(situation: Situation, passing: readonly RecordTarget[]): boolean {
  const uids = new Set(passing.map((target) => target.uid));
  return (
    tierProgress(situation).passedBy === undefined &&
    vanished(situation).length === 0 &&
    situation.targets.every((seen) => isThrough(situation, seen) || uids.has(seen.target.metadata.uid))
  );
}

/** Nothing more is to come there: it passed, it was left out, or it is a mainframe that was put back. */
export function isThrough(situation: Situation, seen: SeenTarget): boolean {
  const state = stateOf(situation, seen);
  return isOver(state) || (state === "RolledBack" && seen.target.kind === "Mainframe");
}
