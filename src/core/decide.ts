import { AUTHOR_KEY } from "../api/actions.ts";
import { verifyChain } from "../api/record.ts";
import { TIERS } from "../api/group.ts";
import type { Phase, State } from "../api/states.ts";
import { actorOf, howKnown } from "./actor.ts";
import { cleanup } from "./cleanup.ts";
import { deleteCommand } from "./commands.ts";
import type { Decision, Effect, Look, Part } from "./decision.ts";
import { delivering } from "./delivering.ts";
import { healing } from "./healing.ts";
import { held } from "./held.ts";
import { ignoredActions, ignoredWarnings } from "./ignored.ts";
import { askRollback } from "./rollback.ts";
import { restoreOnFailure } from "./restore-on-failure.ts";
import { failedRestores, reverse, tierGoingBack } from "./reverse.ts";
import { restoring } from "./restoring.ts";
import { lost } from "./lost.ts";
import type { End } from "./moves.ts";
import { nothingLeft } from "./nothing-left.ts";
import type { Observed } from "./observed.ts";
import { overrideWarnings } from "./overrides.ts";
import { type Progress, progressOf } from "./progress.ts";
import { nextRecord, write } from "./record.ts";
import { completed, messageOf, takenBack } from "./sentences.ts";
import { type Situation, situationAt, stateOf, vanished } from "./situation.ts";
import { eventOf, type Say, statusOf } from "./status.ts";
import { currentTier, fold, isReopened, tiersOf } from "./tiers.ts";
import { unclaimed } from "./unclaimed.ts";
import { updateIdReused } from "./update-id.ts";
import { verifying } from "./verifying.ts";
import { oneEntryPerGate, waiting } from "./waiting.ts";

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
  const asked = askRollback(observed, progress, now);
  if (asked !== undefined) return effects(observed, [asked]);
  const tier = progress.end === undefined ? currentTier(progress, observed.targets) : undefined;
  if (progress.reversed) return goingBack(observed, progress, now);
  const healed = progress.end === undefined ? healAll(observed, progress, now) : [];
  const heal = next(observed, healed);
  if (heal !== undefined) return heal;
  if (progress.end !== undefined) {
    const { state, record } = progress.end;
    return rest(observed, progress, now, {
      phase: PHASE_OF_END[state],
      ...(record.tier && { tier: record.tier }),
      message: record.message,
      blockedBy: [],
    });
  }
  if (tier === undefined)
    return rest(
      observed,
      progress,
      now,
      { phase: "Completed", message: completed(observed, progress), blockedBy: [] },
      earliest(healed),
    );
  return goingOn(situationAt(tier, observed, progress, now), healed);
}

const PHASE_OF_END = {
  Cancelled: "Cancelled",
  Superseded: "Superseded",
  Refused: "Refused",
  Deleted: "Cancelled",
} as const satisfies Record<End, Phase>;

const healAll = (observed: Observed, progress: Progress, now: number): readonly Part[] =>
  observed.targets.some(({ target }) => target.spec.drift === "Heal")
    ? tiersOf(progress, observed.targets).map((tier) => healing(situationAt(tier, observed, progress, now)))
    : [];

/** Forward: what has begun is brought to its end, and what has not begins when its gates are open. */
function goingOn(situation: Situation, healed: readonly Part[]): Decision {
  const { observed, now, progress, tier } = situation;
  const reused = updateIdReused(situation);
  if (reused !== undefined) return effects(observed, [reused]);
  const begun = [restoring(situation), ...underWay(situation), failedRestores(situation)];
  const parts = isReopened(progress, tier) ? begun : [...begun, waiting(situation), nothingLeft(situation)];
  return next(observed, parts) ?? told(parts);

  function told(all: readonly Part[]): Decision {
    const blockedBy = all.flatMap((part) => part.blockedBy ?? []);
    const state = fold([
      ...situation.targets.map((seen) => stateOf(situation, seen)),
      ...vanished(situation).map((at) => at.state),
    ]);
    const phase = phaseOf(
      state,
      blockedBy.map(({ gate }) => gate),
    );
    return rest(
      observed,
      progress,
      now,
      { phase, tier, message: messageOf(situation, phase, blockedBy), blockedBy },
      earliest([...all, ...healed]),
    );
  }
}

/** Backward: what has begun elsewhere is still brought to its end, and nothing else begins. */
function goingBack(observed: Observed, progress: Progress, now: number): Decision {
  // In every tier: the one of which something could not be put back counts as the current one from then on.
  const forward =
    progress.end === undefined ? TIERS.flatMap((tier) => underWay(situationAt(tier, observed, progress, now))) : [];
  const parts = [...reverse(observed, progress, now), ...forward];
  const due = next(observed, parts);
  if (due !== undefined) return due;
  const blockedBy = oneEntryPerGate(parts.flatMap((part) => part.blockedBy ?? []));
  const at = tierGoingBack(observed);
  // One that was deleted while it was held has nothing left that could be put back.
  const here = new Set(observed.targets.map(({ target }) => target.metadata.uid));
  const states = Object.values(progress.tiers).flatMap(({ targets }) =>
    [...targets.values()].flatMap(({ uid, state }) => (here.has(uid) ? [state] : [])),
  );
  const phase = PHASES_GOING_BACK.find((state) => states.includes(state)) ?? "RolledBack";
  return rest(
    observed,
    progress,
    now,
    { phase, ...(at && { tier: at }), message: takenBack(observed, phase, blockedBy), blockedBy },
    earliest(parts),
  );
}

/** What is on its way back is spoken of first, then what is still on its way forward. */
const PHASES_GOING_BACK = ["RollingBack", "Delivering", "Verifying", "Held"] as const satisfies readonly State[];

const underWay = (situation: Situation): readonly Part[] => [
  lost(situation),
  unclaimed(situation),
  delivering(situation),
  verifying(situation),
  restoreOnFailure(situation),
  held(situation),
];

/** What the parts want to know comes before what they want to do, and one of them does something at a time. */
function next(observed: Observed, parts: readonly Part[]): Decision | undefined {
  const look = mergeLooks(parts);
  if (look !== undefined) return { kind: "look", look };
  const due = parts.find((part) => (part.effects ?? []).length > 0)?.effects;
  return due && effects(observed, due);
}

function earliest(parts: readonly Part[]): number | undefined {
  const times = parts.flatMap((part) => (part.wakeAt === undefined ? [] : [part.wakeAt]));
  return times.length === 0 ? undefined : Math.min(...times);
}

/** What cannot be undone needs a consistent read first, and what a person asked the policies as they are after it; then it is decided again. */
function effects(observed: Observed, list: readonly Effect[]): Decision {
  const asked = list.some((effect) => effect.do === "record" && effect.record.actor.known !== "Operator");
  if (observed.live && (observed.proven || !asked)) return { kind: "act", effects: list };
  return { kind: "look", look: { ...NOTHING, live: true, policies: asked } };
}

function rest(observed: Observed, progress: Progress, now: number, say: Omit<Say, "note">, wakeAt?: number): Decision {
  const note = ignoredActions(observed, progress, say.tier, now);
  const status = statusOf(observed, progress, { ...say, ...(note && { note }) }, now);
  const event = eventOf(observed.deployment.status, status);
  const warnings = [...overrideWarnings(observed), ...ignoredWarnings(observed.deployment.status, status)];
  return {
    kind: "rest",
    status,
    ...(event && { event }),
    ...(warnings.length > 0 && { warnings }),
    ...(wakeAt !== undefined && { wakeAt }),
  };
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
  if (state === "Delivering" || state === "Verifying" || state === "Held" || state === "RollingBack") return state;
  return gates.length > 0 && gates.every((gate) => gate === "approvals") ? "AwaitingApproval" : "Waiting";
}
