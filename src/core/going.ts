import { TIERS } from "../api/group.ts";
import type { Phase, State } from "../api/states.ts";
import { layersWaitForEachOther } from "./circle.ts";
import { earliest, effects, next, rest } from "./conclude.ts";
import type { Decision, Part } from "./decision.ts";
import { delivering } from "./delivering.ts";
import { held } from "./held.ts";
import { lost } from "./lost.ts";
import { nothingLeft } from "./nothing-left.ts";
import type { Observed } from "./observed.ts";
import type { Progress } from "./progress.ts";
import { restoreOnFailure } from "./restore-on-failure.ts";
import { restoring } from "./restoring.ts";
import { failedRestores, reverse, tierGoingBack } from "./reverse.ts";
import { messageOf, takenBack } from "./sentences.ts";
import { type Situation, situationAt, stateOf, vanished } from "./situation.ts";
import { fold, isReopened } from "./tiers.ts";
import { unclaimed } from "./unclaimed.ts";
import { updateIdReused } from "./update-id.ts";
import { verifying } from "./verifying.ts";
import { oneEntryPerGate, waiting } from "./waiting.ts";

/** Forward: what has begun is brought to its end, and what has not begins when its gates are open. */
export function goingOn(situation: Situation, healed: readonly Part[]): Decision {
  const { observed, now, progress, tier } = situation;
  const refused = updateIdReused(situation) ?? layersWaitForEachOther(situation);
  if (refused !== undefined) return effects(observed, [refused]);
  // In every tier: what an earlier one is given again stops nothing that has begun in a later one.
  const begun = [tier, ...TIERS.filter((other) => other !== tier)].flatMap((at) => {
    const there = at === tier ? situation : situationAt(at, observed, progress, now);
    return [restoring(there), ...underWay(there), failedRestores(there)];
  });
  const parts = isReopened(progress, tier) ? begun : [...begun, waiting(situation), nothingLeft(situation)];
  return next(observed, parts) ?? told(parts);

  function told(all: readonly Part[]): Decision {
    const blockedBy = oneEntryPerGate(all.flatMap((part) => part.blockedBy ?? []));
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
export function goingBack(observed: Observed, progress: Progress, now: number): Decision {
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

function phaseOf(state: State, gates: readonly string[]): Phase {
  if (state === "Delivering" || state === "Verifying" || state === "Held" || state === "RollingBack") return state;
  return gates.length > 0 && gates.every((gate) => gate === "approvals") ? "AwaitingApproval" : "Waiting";
}
