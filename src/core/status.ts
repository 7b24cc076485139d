import type { BlockedBy, DeploymentStatus, TierState } from "../api/deployment.ts";
import type { Tier } from "../api/group.ts";
import type { Phase, State } from "../api/states.ts";
import { approvalsOf } from "./approvals.ts";
import { conditionsOf, type ConditionDraft } from "./conditions.ts";
import type { EventDraft, Shut } from "./decision.ts";
import { readinessOf } from "./evidence.ts";
import { isOver } from "./moves.ts";
import type { Observed } from "./observed.ts";
import type { Progress } from "./progress.ts";
import { timeOf } from "./record.ts";
import { rollbackToken } from "./rollback.ts";
import { fold, targetsOf, tiersOf } from "./tiers.ts";
import { tokenOf } from "./token.ts";
import { voidedTokens } from "./voided.ts";

/** What is said of the update beyond what the records say. */
export interface Say {
  readonly phase: Phase;
  readonly tier?: Tier;
  readonly message: string;
  readonly blockedBy: readonly Shut[];
  readonly note?: ConditionDraft;
}

/** Gates that a person opens, or time: waiting for one is not progress, and must not hang `wait: true`. */
const FOR_A_PERSON = [
  "approvals",
  "licence",
  "policies",
  "checks",
  "driver",
  "held",
  "gone",
  "window",
  "soak",
  "queue",
];

const NAMED_TARGETS = 20;

/** The whole status: a projection of the records and of the gates that are shut now. */
export function statusOf(observed: Observed, progress: Progress, say: Say, now: number): DeploymentStatus {
  const { metadata, status: before } = observed.deployment;
  const token =
    say.tier === undefined || progress.end !== undefined || progress.reversed ? undefined : tokenOf(say.tier, observed);
  const voided = voidedTokens(before, say.tier, token);
  const tiers = tiersOf(progress, observed.targets).map((tier) => tierState(tier, observed, progress));
  const mainframes = tiers.find((tier) => tier.name === "mainframes");
  const readiness = lastReadiness(observed);
  const approvals = say.tier && token ? approvalsOf(say.tier, token.value, observed) : undefined;
  return {
    observedGeneration: metadata.generation,
    phase: say.phase,
    ...(say.tier && { tier: say.tier }),
    message: say.message.slice(0, 2048),
    ...(readiness && { readiness }),
    ...(approvals &&
      approvals.required > 0 &&
      say.phase !== "Delivering" &&
      say.phase !== "Verifying" && { approval: `${approvals.counted}/${approvals.required}` }),
    ...(mainframes && { mainframes: `${mainframes.passed}/${mainframes.total}` }),
    ...(token && { token: { value: token.value, parts: token.parts } }),
    ...(voided.length > 0 && { voided: [...voided] }),
    ...(say.blockedBy.length > 0 && { blockedBy: say.blockedBy.map((shut) => withSince(shut, before.blockedBy, now)) }),
    tiers,
    ...(progress.head && { records: { count: observed.records.length, head: progress.head.hash } }),
    conditions: conditionsOf(
      before.conditions,
      [...conditionDrafts(say), ...(say.note ? [say.note] : [])],
      metadata.generation,
      now,
    ),
  };
}

const WARNINGS: readonly Phase[] = ["Held", "Refused", "RollingBack", "RolledBack"];

/** An event when the phase or the tier changed, and only then. */
export function eventOf(before: DeploymentStatus, after: DeploymentStatus): EventDraft | undefined {
  if (before.phase === after.phase && before.tier === after.tier) return undefined;
  const phase = after.phase ?? "Waiting";
  return {
    type: WARNINGS.includes(phase) ? "Warning" : "Normal",
    reason: phase,
    note: after.message ?? "",
  };
}

function tierState(tier: Tier, observed: Observed, progress: Progress): TierState {
  const { passedBy, targets: moved } = progress.tiers[tier];
  // Policies that are away for a moment change what is shown as little as they can.
  const token =
    observed.policies.state === "InForce"
      ? rollbackToken(tier, observed, progress)
      : observed.deployment.status.tiers?.find(({ name }) => name === tier)?.token;
  const here = targetsOf(tier, observed.targets, progress).map(({ target }) => {
    const at = moved.get(target.metadata.uid);
    return { name: target.metadata.name, state: at?.state ?? ("Waiting" as const), at };
  });
  const present = new Set(here.map(({ name }) => name));
  const gone = [...moved.values()]
    .filter((at) => !present.has(at.name))
    .map((at) => ({ name: at.name, state: at.state, at }));
  // Two targets of one name, the later one made anew, are one entry: the list is keyed by name.
  const byName = new Map([...gone, ...here].map((entry) => [entry.name, entry]));
  const all = [...byName.values()].filter(({ at }) => passedBy === undefined || at !== undefined);
  return {
    name: tier,
    state: stateOfTier(
      all.map(({ state }) => state),
      passedBy !== undefined && !progress.reversed,
    ),
    ...(token && { token }),
    passed: all.filter(({ state }) => state === "Passed").length,
    total: all.length,
    targets: all.slice(0, NAMED_TARGETS).map(({ name, state, at }) => {
      const evidence = at?.record.evidence?.filter((item) => item.target === name) ?? [];
      return {
        name,
        state,
        ...(at !== undefined && at.attempt > 0 && { attempt: at.attempt }),
        ...(evidence.length > 0 && { checks: readinessOf(evidence) }),
      };
    }),
  };
}

/** A tier that has passed stays so, whatever is added to it; unless something of it was taken up again or taken back. */
function stateOfTier(states: readonly State[], passed: boolean): State {
  const state = fold(states);
  return passed && (state === "Waiting" || state === "RolledBack" || isOver(state)) ? "Passed" : state;
}

/** Of the last verification of a server where there was one: a mainframe's own health says less. */
function lastReadiness({ records }: Observed): string | undefined {
  const verified = records.filter((record) => record.evidence !== undefined);
  const last = verified.findLast((record) => record.tier !== "mainframes") ?? verified.at(-1);
  return last?.evidence && readinessOf(last.evidence);
}

function withSince(shut: Shut, before: readonly BlockedBy[] | undefined, now: number): BlockedBy {
  const { message, who, command } = shut;
  const clipped = {
    ...shut,
    message: message.slice(0, 1024),
    who: who.slice(0, 512),
    ...(command && { command: command.slice(0, 2048) }),
  };
  return { ...clipped, since: before?.find((old) => old.gate === shut.gate)?.since ?? timeOf(now) };
}

/** `Succeeded` is Unknown while the update is under way; Reconciling and Stalled are there only when true. */
function conditionDrafts({ phase, message, blockedBy }: Say): readonly ConditionDraft[] {
  const draft = (type: string, status: ConditionDraft["status"]): ConditionDraft => ({
    type,
    status,
    reason: phase,
    message,
  });
  switch (phase) {
    case "Completed":
      return [draft("Succeeded", "True")];
    case "Cancelled":
    case "Superseded":
      return [draft("Succeeded", "False")];
    case "RolledBack":
    case "Refused":
      return [draft("Succeeded", "False"), draft("Stalled", "True")];
    case "Held":
      return [draft("Succeeded", "Unknown"), draft("Stalled", "True")];
    case "RollingBack":
      return [draft("Succeeded", "Unknown"), draft("Reconciling", "True")];
    case "Waiting":
    case "AwaitingApproval":
    case "Delivering":
    case "Verifying": {
      const working = phase === "Delivering" || phase === "Verifying";
      const person = !working && blockedBy.some(({ gate }) => FOR_A_PERSON.includes(gate));
      return [draft("Succeeded", "Unknown"), ...(person ? [] : [draft("Reconciling", "True")])];
    }
    default:
      return phase;
  }
}
