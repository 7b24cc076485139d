import { type Action, actionKey, actionsOf } from "../api/actions.ts";
import type { DeploymentStatus } from "../api/deployment.ts";
import { type Tier, TIERS } from "../api/group.ts";
import { howKnown, untilPolicies } from "./actor.ts";
import { approvalsOf } from "./approvals.ts";
import { actionCommand } from "./commands.ts";
import type { ConditionDraft } from "./conditions.ts";
import type { EventDraft } from "./decision.ts";
import { heldToken } from "./held.ts";
import type { Observed } from "./observed.ts";
import { whyNoOverride } from "./overrides.ts";
import { hasBegun, type Progress } from "./progress.ts";
import { failedRestoreToken } from "./reverse.ts";
import { judgeRollback, namesTier, RESTORE_FAILED, rollbackToken } from "./rollback.ts";
import { type Situation, situationAt, stateOf } from "./situation.ts";
import { tokenOf, tokenOfRecorded } from "./token.ts";

/** Actions that were asked and do nothing are answered, each with its reason. */
export function ignoredActions(
  observed: Observed,
  progress: Progress,
  tier: Tier | undefined,
  now: number,
): ConditionDraft | undefined {
  if (progress.head === undefined) return undefined;
  const { policies, deployment } = observed;
  // While the policies cannot be read no token is right: that passes, and is no answer to anybody.
  if (policies.state === "NotInForce" && policies.reason === "Unknown")
    return deployment.status.conditions?.find(({ type }) => type === "ActionIgnored");
  const answers = actionsOf(observed.deployment.metadata.annotations).flatMap((action) => {
    const name = actionKey(action.verb, action.tier, action.slot);
    const why =
      action.verb === "rollback" || (action.tier === tier && progress.end === undefined)
        ? (whyIgnored(action, observed, progress, now) ?? whyNobody(action, observed))
        : whyElsewhere(action, progress, tier);
    return why === undefined ? [] : [`${name} ${why}`];
  });
  if (answers.length === 0) return undefined;
  return { type: "ActionIgnored", status: "True", reason: "ActionIgnored", message: answers.join("; ") };
}

/** Whoever watches is told when something is ignored, and again when something else is. */
export function ignoredWarnings(before: DeploymentStatus, after: DeploymentStatus): readonly EventDraft[] {
  const said = messageOf(after);
  return said === undefined || said === messageOf(before)
    ? []
    : [{ type: "Warning", reason: "ActionIgnored", note: said, content: [said] }];
}

const messageOf = ({ conditions = [] }: DeploymentStatus): string | undefined =>
  conditions.find(({ type, status }) => type === "ActionIgnored" && status === "True")?.message;

/** What asks about a tier that is behind was answered there; what asks about one ahead, or after the end, asks in vain. */
function whyElsewhere(action: Action, progress: Progress, tier: Tier | undefined): string | undefined {
  if (hasBegun(progress.tiers[action.tier])) return undefined;
  const { end } = progress;
  if (end !== undefined) {
    if (end.state !== "Cancelled" && end.state !== "Refused") return undefined;
    const ended = action.verb === "cancel" && end.record.token?.startsWith(action.token) === true;
    return ended ? undefined : `does nothing: the update has ended as ${end.state}`;
  }
  if (progress.reversed || tier === undefined || TIERS.indexOf(action.tier) < TIERS.indexOf(tier)) return undefined;
  return `does nothing: the update is at ${tier}, and what ${action.tier} asks for is known only when it is there`;
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
      return whyUncounted(action, situation);
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
      if (token === failed || (failed === undefined && askedAgain(action, observed))) return undefined;
      const begun = rollbackToken(tier, observed, progress);
      if (begun === undefined) return `does nothing: nothing was delivered to ${tier}`;
      // What was asked and done is no question any more.
      if (progress.rollbacks.some((record) => record.tier === tier)) return undefined;
      const verdict = judgeRollback(tier, observed, progress);
      if ("why" in verdict) return `does nothing: ${verdict.why}`;
      return namesTier(observed, progress, action)
        ? undefined
        : `names ${token}, and ${tier} began with ${failed ?? begun}`;
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

/** Whether it named a restore that failed, which is a question no more where nothing is held for that. */
const askedAgain = ({ tier, token }: Action, { records, policies }: Observed): boolean =>
  records.some(
    (record) =>
      record.tier === tier && record.reason === RESTORE_FAILED && tokenOfRecorded(record.hash, policies) === token,
  );

/** Once everything has begun, the approvals are frozen in the record and ask for nothing more. */
function whyUncounted({ slot }: Action, situation: Situation): string | undefined {
  const { observed, tier, token, targets } = situation;
  if (!targets.some((seen) => stateOf(situation, seen) === "Waiting")) return undefined;
  const { ignored } = approvalsOf(tier, token.value, observed);
  const found = ignored.find(({ action }) => action.slot === slot);
  return found && `does not count: ${found.why}`;
}

/** Cancelling is for what was not delivered yet; what was is rolled back, where that is possible. */
function whatInstead(tier: Tier, observed: Observed, progress: Progress): string {
  const token = rollbackToken(tier, observed, progress);
  if (token === undefined || untilPolicies(observed.policies) !== undefined) return "";
  if ("why" in judgeRollback(tier, observed, progress)) return "";
  return `; this rolls it back: ${actionCommand(observed.deployment, { verb: "rollback", tier, token }, observed.policies)}`;
}
