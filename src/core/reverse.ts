import { actionsOf } from "../api/actions.ts";
import { type Tier, TIERS } from "../api/group.ts";
import { orderKey } from "../api/order.ts";
import { actorOf, askedBy, untilPolicies } from "./actor.ts";
import { beginRestore } from "./begin-restore.ts";
import { actionCommand, deleteCommand } from "./commands.ts";
import type { Part } from "./decision.ts";
import { namesOf } from "./names.ts";
import type { Observed } from "./observed.ts";
import type { Progress } from "./progress.ts";
import { type Begun, groupsOf, isElsewhere, isFailedRestore, isTaken } from "./rollback.ts";
import { restoreOrders } from "./restore-course.ts";
import { restoring } from "./restoring.ts";
import { situationAt, type Situation, targetsIn } from "./situation.ts";
import { tierOfTarget } from "./tiers.ts";
import { tokenOfRecorded } from "./token.ts";

/** All that takes back: targets on their way back, the next group of what people asked for, and restores that failed. */
export function reverse(observed: Observed, progress: Progress, now: number): readonly Part[] {
  if (!progress.reversed) return [];
  const situations = TIERS.map((tier) => situationAt(tier, observed, progress, now));
  return [
    ...situations.map(restoring),
    ...progress.rollbacks.map((asked) => nextGroup(observed, progress, asked, now)),
    ...situations.map(failedRestores),
  ];
}

/** The first group with something to take back; those before it have been put back, or have had their time. */
function nextGroup(
  observed: Observed,
  progress: Progress,
  { tier, time }: Progress["rollbacks"][number],
  now: number,
): Part {
  const groups = groupsOf(tier, observed, progress);
  const next = groups.findIndex((group) => group.some(isTaken));
  // What another update took since the rollback was asked for is not taken from it.
  const group = (groups[next] ?? []).filter((begun) => isTaken(begun) && isElsewhere(observed, begun) === undefined);
  const first = group[0];
  if (first === undefined) return {};
  const { holdBackMs } = observed.settings;
  const until = Math.max(
    ...groups
      .slice(0, next)
      .flat()
      .filter(isUnfinished)
      .map((begun) => Date.parse(isAtWork(observed, begun) ? begun.at.record.time : time) + holdBackMs),
  );
  if (now < until) return { wakeAt: until };
  return beginRestore(situationAt(tierOfTarget(first.seen.target), observed, progress, now), group, {
    reason: "PuttingBack",
    message: `what ran before is put back on ${namesOf(group.map(({ seen }) => seen.target))}`,
  });
}

/** One that answers is waited for by its own time, however late it began: only who is silent is given none of its own. */
function isAtWork(observed: Observed, begun: Begun): boolean {
  const { seen, at } = begun;
  if (at.state !== "RollingBack" || seen.agent.state === "NotAnswered") return false;
  return restoreOrders({ observed }, begun).every((order) => seen.orders[orderKey(order)]?.state !== "NotAnswered");
}

const isUnfinished = ({ at }: Begun): boolean => at.state === "RollingBack" || isFailedRestore(at);

/** The token that names a restore that failed: who asks again names this very failure. */
const tokenOfFailed = (failed: readonly Begun[], { policies }: Observed): string | undefined => {
  const newest = failed
    .map(({ at }) => at.record)
    .sort((a, b) => a.seq - b.seq)
    .at(-1);
  return newest && tokenOfRecorded(newest.hash, policies);
};

export const failedRestoreToken = (situation: Situation): string | undefined =>
  tokenOfFailed(
    targetsIn(situation, "Held").filter(({ at }) => isFailedRestore(at)),
    situation.observed,
  );

/** What could not be put back waits for a person, who asks again once the cause is gone. */
export function failedRestores(situation: Situation): Part {
  const { observed, tier } = situation;
  const { deployment, policies } = observed;
  const failed = targetsIn(situation, "Held").filter(({ at }) => isFailedRestore(at));
  const token = tokenOfFailed(failed, observed);
  const message = failed[0]?.at.record.message;
  if (token === undefined || message === undefined) return {};
  const asked = actionsOf(deployment.metadata.annotations).find(
    (action) => action.verb === "rollback" && action.tier === tier && action.token === token,
  );
  const by = askedBy(asked, policies);
  const elsewhere = failed.flatMap((begun) => isElsewhere(observed, begun) ?? []);
  if (asked !== undefined && by !== undefined && elsewhere.length < failed.length)
    return beginRestore(situation, failed, {
      reason: "RollbackAsked",
      message: `${by} asked to roll ${tier} back again${asked.reason === "" ? "" : `: ${asked.reason}`}`,
      actor: actorOf([by], policies),
    });
  const said = [message, ...elsewhere].join("; ").slice(0, 2048);
  const later = untilPolicies(policies);
  if (later !== undefined)
    return {
      blockedBy: [{ gate: "held", message: said, who: `whoever may roll ${tier} back, ${later}`.slice(0, 512) }],
    };
  return {
    blockedBy: [
      {
        gate: "held",
        message: said,
        who: `whoever may roll ${tier} back, once the cause is gone; or delete the update, which lets the target go as it is: ${deleteCommand(deployment.metadata)}`,
        command: actionCommand(deployment, { verb: "rollback", tier, token }, policies),
        token,
      },
    ],
  };
}

/** The tier that is spoken of while an update goes back: where something was taken back last. */
export const tierGoingBack = (observed: Observed): Tier | undefined =>
  observed.records.findLast(
    ({ to, reason }) => to === "RollingBack" || to === "RolledBack" || reason === "RestoreFailed",
  )?.tier;
