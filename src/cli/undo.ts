import { type Tier } from "../api/group.ts";
import type { TierState } from "../api/deployment.ts";
import { actionIn, type Asked } from "./action.ts";
import type { Fleet } from "./lookup.ts";
import type { Update } from "./kinds.ts";
import { shownAs } from "./names.ts";
import { begunTiers } from "./next.ts";
import { plural, TIER_NAME } from "./words.ts";

/** What taking an update back would be, or why it cannot be. */
export type Undo =
  { readonly can: true; readonly asked: Asked; readonly will: string } | { readonly can: false; readonly why: string };

const no = (why: string): Undo => ({ can: false, why });

const stateOf = (update: Update, tier: Tier): TierState | undefined =>
  update.status?.tiers?.find(({ name }) => name === tier);

/** The tier a rollback means where none is said: the servers furthest on; with OMEGA go its mainframes. */
export function rollbackTier(update: Update): Tier | undefined {
  const begun = begunTiers(update);
  return begun.findLast((tier) => tier !== "mainframes") ?? begun.at(-1);
}

/** Restoring what ran before on a tier. A restore that failed is asked again by the token of what holds it. */
export function rollbackOf(update: Update, tier: Tier, fleet: Pick<Fleet, "servers" | "mainframes">): Undo {
  const state = stateOf(update, tier);
  if (state === undefined || !begunTiers(update).includes(tier))
    return no(`nothing of it was delivered to ${TIER_NAME[tier]}, so there is nothing to put back`);
  if (state.state === "RolledBack" && update.status?.phase !== "RollingBack")
    return no(`it was put back on ${TIER_NAME[tier]} already`);
  const failed = actionIn(update.status?.blockedBy?.find(({ gate }) => gate === "held")?.command);
  const token = failed?.verb === "rollback" && failed.tier === tier ? failed.token : state.token;
  if (token === undefined)
    return no(`the operator has not published the token of ${TIER_NAME[tier]}: it may be of an earlier version`);
  return { can: true, asked: { verb: "rollback", tier, token }, will: whatHappens(update, tier, fleet) };
}

function whatHappens(
  update: Update,
  tier: Tier,
  { servers, mainframes }: Pick<Fleet, "servers" | "mainframes">,
): string {
  const called = (name: string): string =>
    shownAs(
      [...servers, ...mainframes].find(({ metadata }) => metadata.name === name) ?? {
        metadata: { name, uid: "", resourceVersion: "" },
      },
    );
  const names = (stateOf(update, tier)?.targets ?? []).map(({ name }) => called(name)).join(", ");
  const reached = begunTiers(update).includes("mainframes") ? (stateOf(update, "mainframes")?.total ?? 0) : 0;
  return tier === "omega" && reached > 0
    ? `first ${plural(reached, "Licensed Mainframe")} that OMEGA feeds, the newest wave first, then ${names} goes back to what ran before ${update.spec.version}`
    : `${names} goes back to what ran before ${update.spec.version}`;
}

/** `cancel` before an effect on the tier an update is at, `rollback` after one. */
export function cancelOf(update: Update, fleet: Pick<Fleet, "servers" | "mainframes">): Undo {
  const { phase, tier, token } = update.status ?? {};
  if (phase === undefined) return no("the operator has not looked at it yet: try again in a moment");
  if (["Cancelled", "Superseded", "Refused", "RolledBack", "RollingBack"].includes(phase))
    return no(`it is ${phase} already`);
  if (phase === "Completed") return no("it is Completed: there is nothing left to cancel, only something to roll back");
  if (tier === undefined) return no(`it is ${phase}, and at no tier`);
  if (begunTiers(update).includes(tier)) return rollbackOf(update, tier, fleet);
  if (token === undefined) return no("the operator has not published its token yet: try again in a moment");
  const before = begunTiers(update).filter((begun) => begun !== tier);
  return {
    can: true,
    asked: { verb: "cancel", tier, token: token.value },
    will: `it goes no further: nothing was delivered to ${TIER_NAME[tier]} yet${before.length === 0 ? "" : `; what was delivered to ${before.map((one) => TIER_NAME[one]).join(", ")} stays there until it is rolled back`}`,
  };
}
