import type { State } from "../api/states.ts";

interface Move {
  readonly from: State | "";
  readonly to: State;
  readonly when: string;
}

/** Every legal move of a step, at every level. The state diagram of the docs is printed from it. */
export const MOVES: readonly Move[] = [
  { from: "", to: "Waiting", when: "the update was created" },
  { from: "Waiting", to: "Delivering", when: "every gate is open" },
  { from: "Waiting", to: "Verifying", when: "the target already runs this artifact" },
  { from: "Waiting", to: "Passed", when: "the tier has no target left to wait for" },
  { from: "Waiting", to: "Cancelled", when: "cancel asked, before any effect at this tier" },
  {
    from: "Waiting",
    to: "Superseded",
    when: "the target runs a newer version, or a newer verified update has come as far",
  },
  { from: "Waiting", to: "Refused", when: "version or update id was used for another artifact" },
  { from: "Delivering", to: "Verifying", when: "the target applied it" },
  { from: "Delivering", to: "Held", when: "delivery failed, or the claim was lost" },
  { from: "Verifying", to: "Passed", when: "every required check passed" },
  { from: "Verifying", to: "Verifying", when: "no proof either way: tried again" },
  { from: "Verifying", to: "Held", when: "a check failed, no proof after the last attempt, or the claim was lost" },
  { from: "Held", to: "Verifying", when: "verify asked" },
  { from: "Held", to: "Superseded", when: "a newer update took the target" },
  { from: "Delivering", to: "RollingBack", when: "rollback asked" },
  { from: "Verifying", to: "RollingBack", when: "rollback asked" },
  { from: "Held", to: "RollingBack", when: "rollback asked, or a failed check and the target says Restore" },
  { from: "Passed", to: "RollingBack", when: "rollback asked" },
  { from: "Passed", to: "Delivering", when: "something else ran there, and the target says Heal" },
  { from: "RollingBack", to: "RollingBack", when: "the agent had seen a higher sequence: asked again under a new one" },
  { from: "RollingBack", to: "RolledBack", when: "the target runs what it ran before" },
  { from: "RollingBack", to: "Held", when: "it could not be restored" },
];

export const isLegal = (from: State | undefined, to: State): boolean =>
  to === "Deleted" || MOVES.some((move) => move.from === (from ?? "") && move.to === to);

/** Nothing follows these but a rollback of what was delivered before; a Completed update ends by its last tier instead. */
export const ENDS = ["Cancelled", "Superseded", "Refused", "Deleted"] as const satisfies readonly State[];
export type End = (typeof ENDS)[number];

/** A target that is through with this update: it passed, or it was left out. */
export const isOver = (state: State): boolean => state === "Passed" || state === "Superseded" || state === "Refused";

export const endOf = (state: State): End | undefined => ENDS.find((end) => end === state);
