import { actionKey, actionsOf } from "../api/actions.ts";
import type { ConditionDraft } from "./conditions.ts";
import { heldToken } from "./held.ts";
import { type Situation, targetsIn, tierProgress } from "./situation.ts";

/** Actions that were asked and do nothing are answered, each with its reason; approvals are answered by their gate. */
export function ignoredActions(situation: Situation): ConditionDraft | undefined {
  const { tier, token, observed } = situation;
  const held = targetsIn(situation, "Held").map(({ at }) => heldToken(at.record));
  const answers = actionsOf(observed.deployment.metadata.annotations).flatMap((action) => {
    if (action.tier !== tier) return [];
    const name = actionKey(action.verb, action.tier, action.slot);
    const unstamped = action.by === undefined ? [`${name} is not stamped by the API server and does not count`] : [];
    switch (action.verb) {
      case "approve":
        return [];
      case "cancel":
        if (tierProgress(situation).targets.size > 0)
          return [`${name} does nothing: ${tier} has begun, and this version does not roll back yet`];
        return action.token === token.value ? unstamped : [`${name} names ${action.token}, and the token is ${token.value}`];
      case "verify":
        if (held.length === 0) return [];
        return held.includes(action.token) ? unstamped : [`${name} names ${action.token}, and what is held now is ${held.join(", ")}`];
      case "rollback":
      case "override":
        return [`${name} does nothing: this version does not ${action.verb === "rollback" ? "roll back" : "override"} yet`];
      default:
        return action.verb;
    }
  });
  if (answers.length === 0) return undefined;
  return { type: "ActionIgnored", status: "True", reason: "ActionIgnored", message: answers.join("; ") };
}
