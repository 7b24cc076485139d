import { type Action, actionKey, actionsOf } from "../api/actions.ts";
import type { Tier } from "../api/group.ts";
import { howKnown } from "./actor.ts";
import { actionCommand } from "./commands.ts";
import type { ConditionDraft } from "./conditions.ts";
import { heldToken } from "./held.ts";
import type { Observed } from "./observed.ts";
import { whyNoOverride } from "./overrides.ts";
import { hasBegun, type Progress } from "./progress.ts";
import { failedRestoreToken } from "./reverse.ts";
import { judgeRollback, namesTier } from "./rollback.ts";
import { situationAt, stateOf } from "./situation.ts";
import { tokenOf } from "./token.ts";

/** Actions that were asked and do nothing are answered, each with its reason; approvals are answered by their gate. */
export function ignoredActions(
  observed: Observed,
  progress: Progress,
  tier: Tier | undefined,
  now: number,
): ConditionDraft | undefined {
  if (progress.head === undefined) return undefined;
  const answers = actionsOf(observed.deployment.metadata.annotations).flatMap((action) => {
    // An update that is over says nothing of what was asked of it on the way.
    if (action.verb !== "rollback" && (action.tier !== tier || progress.end !== undefined)) return [];
    const name = actionKey(action.verb, action.tier, action.slot);
    const why = whyIgnored(action, observed, progress, now) ?? whyNobody(action, observed);
    return why === undefined ? [] : [`${name} ${why}`];
  });
  if (answers.length === 0) return undefined;
  return { type: "ActionIgnored", status: "True", reason: "ActionIgnored", message: answers.join("; ") };
}

function whyNobody({ verb, by }: Action, { policies }: Observed): string | undefined {
  if (verb === "approve") return undefined;
  if (by === undefined) return "is not stamped by the API server and does not count";
  return howKnown(policies) === "Unknown"
    ? "does not count while the admission policies are not in force: who asked cannot be known"
    : undefined;
}

function whyIgnored(action: Action, observed: Observed, progress: Progress, now: number): string | undefined {
  const { verb, tier, token } = action;
  const situation = situationAt(tier, observed, progress, now);
  switch (verb) {
    case "approve":
      return undefined;
    case "cancel": {
      if (hasBegun(progress.tiers[tier]))
        return `does nothing: ${tier} has begun${whatInstead(tier, observed, progress)}`;
      const wanted = tokenOf(tier, observed).value;
      return token === wanted ? undefined : `names ${token}, and the token is ${wanted}`;
    }
    case "verify": {
      const held = heldToken(situation);
      if (held === undefined) return undefined;
      return token === held ? undefined : `names ${token}, and what is held now is ${held}`;
    }
    case "rollback": {
      const failed = failedRestoreToken(situation);
      if (token === failed) return undefined;
      const begun = progress.tiers[tier].tokens.at(-1)?.slice(0, 16);
      if (begun === undefined) return `does nothing: nothing was delivered to ${tier}`;
      if (!namesTier(progress, action)) return `names ${token}, and ${tier} began with ${failed ?? begun}`;
      // What was asked and done is no question any more.
      if (progress.rollbacks.some((record) => record.tier === tier)) return undefined;
      const verdict = judgeRollback(tier, observed, progress);
      return "why" in verdict ? `does nothing: ${verdict.why}` : undefined;
    }
    case "override":
      // Where everything has begun it has done what it could.
      return situation.targets.some((seen) => stateOf(situation, seen) === "Waiting")
        ? whyNoOverride(action, situation.token.value)
        : undefined;
    default:
      return verb;
  }
}

/** Cancelling is for what was not delivered yet; what was is rolled back, where that is possible. */
function whatInstead(tier: Tier, observed: Observed, progress: Progress): string {
  const token = progress.tiers[tier].tokens.at(-1)?.slice(0, 16);
  if (token === undefined || "why" in judgeRollback(tier, observed, progress)) return "";
  return `; this rolls it back: ${actionCommand(observed.deployment, { verb: "rollback", tier, token }, observed.policies)}`;
}
