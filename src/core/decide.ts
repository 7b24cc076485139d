import { AUTHOR_KEY } from "../api/actions.ts";
import { verifyChain } from "../api/record.ts";
import type { Phase, State } from "../api/states.ts";
import { actorOf, howKnown } from "./actor.ts";
import { cleanup } from "./cleanup.ts";
import { deleteCommand } from "./commands.ts";
import type { Decision, Effect, Look, Part } from "./decision.ts";
import { delivering } from "./delivering.ts";
import { held } from "./held.ts";
import { ignoredActions } from "./ignored.ts";
import { lost } from "./lost.ts";
import type { End } from "./moves.ts";
import { nothingLeft } from "./nothing-left.ts";
import type { Observed } from "./observed.ts";
import { type Progress, progressOf } from "./progress.ts";
import { nextRecord, write } from "./record.ts";
import { completed, messageOf } from "./sentences.ts";
import { type Situation, stateOf, vanished } from "./situation.ts";
import { eventOf, type Say, statusOf } from "./status.ts";
import { currentTier, fold, targetsOf } from "./tiers.ts";
import { tokenOf } from "./token.ts";
import { unclaimed } from "./unclaimed.ts";
import { updateIdReused } from "./update-id.ts";
import { verifying } from "./verifying.ts";
import { waiting } from "./waiting.ts";

/**
 * The judgement on one update: what to look at, what to do, or what to say while it rests.
 * Pure; effects are returned only from a consistent read, and after each of them everything is decided anew.
 */
export function decide(observed: Observed, now: number): Decision {
  const broken = verifyChain(observed.records);
  const progress = progressOf(observed.records);
  const { metadata } = observed.deployment;
  if (broken.length > 0)
    return rest(observed, progress, now, {
      phase: "Held",
      message: `the records of this update do not prove themselves, so nothing more is done: ${broken.join("; ")}. This ends it: ${deleteCommand(metadata)}`,
      blockedBy: [],
    });
  if (metadata.deletionTimestamp !== undefined)
    return rest(observed, progress, now, {
      phase: "Waiting",
      message: "it is being deleted: nothing more is done, nothing is undone",
      blockedBy: [],
    });
  if (observed.policies.state === "NotAsked") return { kind: "look", look: { ...NOTHING, policies: true } };
  if (progress.head === undefined) return effects(observed, [creation(observed, now)]);

  const leftovers = cleanup(observed, progress);
  if (leftovers.length > 0) return effects(observed, leftovers);
  if (progress.end !== undefined)
    return rest(observed, progress, now, {
      phase: PHASE_OF_END[progress.end.state],
      ...(progress.end.record.tier && { tier: progress.end.record.tier }),
      message: progress.end.record.message,
      blockedBy: [],
    });

  const tier = currentTier(progress, observed.targets);
  if (tier === undefined)
    return rest(observed, progress, now, { phase: "Completed", message: completed(observed, progress), blockedBy: [] });
  return under({
    observed,
    now,
    progress,
    tier,
    token: tokenOf(tier, observed),
    targets: targetsOf(tier, observed.targets, progress),
  });
}

const PHASE_OF_END = {
  Cancelled: "Cancelled",
  Superseded: "Superseded",
  Refused: "Refused",
  Deleted: "Cancelled",
} as const satisfies Record<End, Phase>;

function under(situation: Situation): Decision {
  const { observed, now, progress, tier } = situation;
  const reused = updateIdReused(situation);
  if (reused !== undefined) return effects(observed, [reused]);
  const parts: readonly Part[] = [
    lost(situation),
    unclaimed(situation),
    delivering(situation),
    verifying(situation),
    held(situation),
    waiting(situation),
    nothingLeft(situation),
  ];
  const look = mergeLooks(parts);
  if (look !== undefined) return { kind: "look", look };
  const due = parts.find((part) => (part.effects ?? []).length > 0)?.effects;
  if (due !== undefined) return effects(observed, due);
  const blockedBy = parts.flatMap((part) => part.blockedBy ?? []);
  const wakeAt = parts.flatMap((part) => (part.wakeAt === undefined ? [] : [part.wakeAt]));
  const state = fold([
    ...situation.targets.map((seen) => stateOf(situation, seen)),
    ...vanished(situation).map((at) => at.state),
  ]);
  const phase = phaseOf(
    state,
    blockedBy.map(({ gate }) => gate),
  );
  const note = ignoredActions(situation);
  return rest(
    observed,
    progress,
    now,
    { phase, tier, message: messageOf(situation, phase, blockedBy), blockedBy, ...(note && { note }) },
    wakeAt.length === 0 ? undefined : Math.min(...wakeAt),
  );
}

/** What cannot be undone needs a consistent read first, and what a person asked the policies as they are after it; then it is decided again. */
function effects(observed: Observed, list: readonly Effect[]): Decision {
  const asked = list.some((effect) => effect.do === "record" && effect.record.actor.known !== "Operator");
  if (observed.live && (observed.proven || !asked)) return { kind: "act", effects: list };
  return { kind: "look", look: { ...NOTHING, live: true, policies: asked } };
}

function rest(observed: Observed, progress: Progress, now: number, say: Say, wakeAt?: number): Decision {
  const status = statusOf(observed, progress, say, now);
  const event = eventOf(observed.deployment.status, status);
  return { kind: "rest", status, ...(event && { event }), ...(wakeAt !== undefined && { wakeAt }) };
}

const NOTHING: Look = { live: false, policies: false, agents: [], orders: [] };

function mergeLooks(parts: readonly Part[]): Look | undefined {
  const looks = parts.flatMap((part) => (part.look ? [part.look] : []));
  if (looks.length === 0) return undefined;
  return {
    ...NOTHING,
    agents: [...new Set(looks.flatMap((look) => look.agents ?? []))],
    orders: looks.flatMap((look) => look.orders ?? []),
  };
}

/** Who created it is recorded only as far as it can be known: under proven policies the API server wrote it. */
function creation(observed: Observed, now: number): Effect {
  const { metadata, spec } = observed.deployment;
  const author = metadata.annotations[AUTHOR_KEY];
  return write(
    nextRecord(observed, now, {
      to: "Waiting",
      reason: "Created",
      message: `${spec.app} ${spec.version}: ${spec.description}`,
      actor:
        author !== undefined && howKnown(observed.policies) === "Admission"
          ? actorOf([author], observed.policies)
          : { name: "unknown", known: "Unknown" },
    }),
  );
}

function phaseOf(state: State, gates: readonly string[]): Phase {
  if (state === "Delivering" || state === "Verifying" || state === "Held") return state;
  return gates.length > 0 && gates.every((gate) => gate === "approvals") ? "AwaitingApproval" : "Waiting";
}
