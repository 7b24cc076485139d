import type { Condition } from "../api/meta.ts";
import { timeOf } from "./record.ts";

export type ConditionDraft = Pick<Condition, "type" | "status" | "reason" | "message">;

/** Conditions by type; the time moves only when the status does (API conventions, kstatus). */
export function conditionsOf(
  before: readonly Condition[] | undefined,
  drafts: readonly ConditionDraft[],
  generation: number,
  now: number,
): Condition[] {
  return drafts.map((draft) => {
    const old = before?.find((condition) => condition.type === draft.type);
    const lastTransitionTime = old?.status === draft.status ? old.lastTransitionTime : timeOf(now);
    return { ...draft, message: draft.message.slice(0, 4096), observedGeneration: generation, lastTransitionTime };
  });
}
