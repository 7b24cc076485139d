import { actionKey, actionsOf } from "../api/actions.ts";
import { howKnown } from "./actor.ts";
import type { ConditionDraft } from "./conditions.ts";
import { heldToken } from "./held.ts";
import { type Situation, tierProgress } from "./situation.ts";

/** Actions that were asked and do nothing are answered, each with its reason; approvals are answered by their gate. */
export function ignoredActions(situation: Situation): ConditionDraft | undefined {
  const { tier, token, observed } = situation;
  const held = heldToken(situation);
  const unproven = howKnown(observed.policies) === "Unknown";
  const answers = actionsOf(observed.deployment.metadata.annotations).flatMap((action) => {
    if (action.tier !== tier) return [];
    const name = actionKey(action.verb, action.tier, action.slot);
    const unstamped =
      action.by === undefined
        ? [`${name} is not stamped by the API server and does not count`]
        : unproven
          ? [`${name} does not count while the admission policies are not in force: who asked cannot be known`]
          : [];
    switch (action.verb) {
      case "approve":
        return [];
      case "cancel":
        if (tierProgress(situation).targets.size > 0)
          return [`${name} does nothing: ${tier} has begun, and this version does not roll back yet`];
        return action.token === token.value
          ? unstamped
          : [`${name} names ${action.token}, and the token is ${token.value}`];
      case "verify":
        if (held === undefined || action.token === held) return held === undefined ? [] : unstamped;
        return [`${name} names ${action.token}, and what is held now is ${held}`];
      case "rollback":
      case "override":
        return [
          `${name} does nothing: this version does not ${action.verb === "rollback" ? "roll back" : "override"} yet`,
        ];
      default:
        return action.verb;
    }
  });
  if (answers.length === 0) return undefined;
  return { type: "ActionIgnored", status: "True", reason: "ActionIgnored", message: answers.join("; ") };
}
