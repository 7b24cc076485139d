import { orderKey, type OrderKeyParts } from "../api/order.ts";
import type { Effect, Part } from "./decision.ts";
import { hold } from "./hold.ts";
import type { SeenOrder, SeenTarget } from "./observed.ts";
import type { TargetProgress } from "./progress.ts";
import { namesOf } from "./names.ts";
import { LAYER, MOVED_AT_ONCE, nextRecord, recordTarget, write } from "./record.ts";
import { type Situation, targetsIn } from "./situation.ts";
import { unreachable } from "./unreachable.ts";
import { deliveryMsOf, pollMsOf, speakerOf } from "./ways.ts";

type Outcome =
  | { readonly state: "Ask" | "Send" | "Busy" | "Applied" }
  | { readonly state: "Lost"; readonly reason: string; readonly message: string };

/** Refusals that pass by themselves; every other one is final for this order. */
const PASSING = ["Busy", "NotYetValid"];

/** Targets an order is on its way to: asked, sent again under the same key, and recorded when all of them are through. */
export function delivering(situation: Situation): Part {
  const { observed, now, tier } = situation;
  const under = targetsIn(situation, "Delivering").map(({ seen, at }) => {
    const order = orderOf(situation, seen, at);
    const expiresAt = Date.parse(at.record.time) + deliveryMsOf(seen.target, observed.settings);
    const outcome = outcomeOf(seen.orders[orderKey(order)], now >= expiresAt, speakerOf(seen.target));
    return { seen, at, order, expiresAt, outcome };
  });
  if (under.length === 0) return {};

  const unasked = under.filter(({ outcome }) => outcome.state === "Ask");
  if (unasked.length > 0)
    return {
      look: { orders: unasked.map(({ seen, order }) => ({ target: seen.target.metadata.uid, key: orderKey(order) })) },
    };

  const unsent = under.filter(({ outcome }) => outcome.state === "Send");
  if (unsent.length > 0)
    return {
      effects: unsent.map(({ seen, order, expiresAt }): Effect => ({
        do: "deliver",
        target: seen.target,
        order,
        expiresAt,
      })),
    };

  const busy = under.filter(({ outcome }) => outcome.state === "Busy");
  if (busy.length > 0)
    return { wakeAt: now + Math.min(...busy.map(({ seen }) => pollMsOf(seen.target, observed.settings))) };

  const applied = under.filter(({ outcome }) => outcome.state === "Applied").slice(0, MOVED_AT_ONCE);
  if (applied.length > 0)
    return {
      effects: [
        write(
          nextRecord(observed, now, {
            tier,
            from: "Delivering",
            to: "Verifying",
            reason: "Applied",
            message: `${namesOf(applied.map(({ seen }) => seen.target))} applied ${observed.deployment.spec.version}`,
            targets: applied.map(({ seen, at }) =>
              recordTarget(seen.target, { sequence: at.sequence, attempt: at.attempt + 1 }),
            ),
          }),
        ),
      ],
    };

  const all = under.flatMap(({ seen, at, outcome }) => (outcome.state === "Lost" ? [{ seen, at, outcome }] : []));
  const first = all[0];
  if (first === undefined) return {};
  const lost = all.filter(({ outcome }) => outcome.reason === first.outcome.reason).slice(0, MOVED_AT_ONCE);
  const targets = lost.map(({ seen, at, outcome }) =>
    recordTarget(seen.target, { sequence: at.sequence, message: outcome.message.slice(0, 1024) }),
  );
  const message = lost.map(({ seen, outcome }) => `${seen.target.metadata.name}: ${outcome.message}`).join("; ");
  return { effects: [hold(situation, "Delivering", targets, { reason: first.outcome.reason, message })] };
}

const orderOf = ({ observed }: Situation, seen: SeenTarget, at: TargetProgress): OrderKeyParts => ({
  targetUid: seen.target.metadata.uid,
  app: observed.deployment.spec.app,
  layer: LAYER,
  sequence: at.sequence,
});

/** A lost reply is no outcome: the agent is asked, and the order sent again under its key until its time is over. */
function outcomeOf(order: SeenOrder | undefined, over: boolean, speaker: string): Outcome {
  if (order === undefined) return { state: "Ask" };
  switch (order.state) {
    case "NotFound":
      return over
        ? { state: "Lost", reason: "DeliveryTimedOut", message: `the ${speaker} never took the order` }
        : { state: "Send" };
    case "NotAnswered":
      return over ? { state: "Lost", reason: order.reason, message: order.message } : { state: "Busy" };
    case "Refused":
      return PASSING.includes(order.reason) && !over
        ? { state: "Busy" }
        : { state: "Lost", reason: order.reason, message: order.message };
    case "Reported":
      if (order.report.state === "Applied") return { state: "Applied" };
      if (order.report.state === "Failed")
        return { state: "Lost", reason: order.report.reason, message: order.report.message };
      return over
        ? {
            state: "Lost",
            reason: "DeliveryTimedOut",
            message: `the ${speaker} is still at ${order.report.state}: ${order.report.message}`,
          }
        : { state: "Busy" };
    default:
      return unreachable(order);
  }
}
