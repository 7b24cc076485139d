import { AUTHOR_KEY } from "../api/actions.ts";
import { verifyChain } from "../api/record.ts";
import type { Phase } from "../api/states.ts";
import { actorOf, howKnown } from "./actor.ts";
import { cleanup } from "./cleanup.ts";
import { deleteCommand } from "./commands.ts";
import { earliest, effects, next, NOTHING, rest } from "./conclude.ts";
import type { Decision, Effect, Part } from "./decision.ts";
import { goingBack, goingOn } from "./going.ts";
import { healing } from "./healing.ts";
import type { End } from "./moves.ts";
import type { Observed } from "./observed.ts";
import { type Progress, progressOf } from "./progress.ts";
import { nextRecord, write } from "./record.ts";
import { askRollback } from "./rollback.ts";
import { completed } from "./sentences.ts";
import { situationAt } from "./situation.ts";
import { currentTier, tiersOf } from "./tiers.ts";

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

const healAll = (observed: Observed, progress: Progress, now: number): readonly Part[] =>
  observed.targets.some(({ target }) => target.spec.drift === "Heal")
    ? tiersOf(progress, observed.targets).map((tier) => healing(situationAt(tier, observed, progress, now)))
    : [];
