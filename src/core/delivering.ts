import type { Layer } from "../api/layer.ts";
import { orderKey, type OrderKeyParts } from "../api/order.ts";
import type { Effect, Part } from "./decision.ts";
import { hold } from "./hold.ts";
import { depthsOf, layerOrder, layersUnderWay, ofLayer } from "./layers.ts";
import type { SeenOrder, SeenTarget } from "./observed.ts";
import type { TargetProgress } from "./progress.ts";
import { namesOf } from "./names.ts";
import { MOVED_AT_ONCE, nextRecord, recordTarget, write } from "./record.ts";
import { type Situation, targetsIn } from "./situation.ts";
import { unreachable } from "./unreachable.ts";
import { deliveryMsOf, pollMsOf, speakerOf } from "./ways.ts";

/** How far one layer is on one target. */
type Outcome =
  | { readonly state: "Ask" | "Send" | "Busy" | "Applied" }
  /** What it depends on is not there yet. */
  | { readonly state: "Waits" }
  /** `written` where the target itself says so; everything else is only not known to have gone well. */
  | { readonly state: "Lost"; readonly reason: string; readonly message: string; readonly written: boolean }
  /** What it depends on failed: it is not begun. */
  | { readonly state: "Stopped"; readonly by: string };

interface Step {
  readonly layer: Layer;
  readonly order: OrderKeyParts;
  readonly expiresAt: number;
  readonly outcome: Outcome;
}

interface UnderWay {
  readonly seen: SeenTarget;
  readonly at: TargetProgress;
  readonly steps: readonly Step[];
}

/** A layer failed after another one had been applied: the target is half at this update. */
export const LAYER_FAILED = "LayerFailed";

/** Refusals that pass by themselves; every other one is final for this order. */
const PASSING = ["Busy", "NotYetValid"];

/** Targets orders are on their way to: asked, sent again under the same key, and recorded when all of them are through. */
export function delivering(situation: Situation): Part {
  const { observed, now, tier } = situation;
  const under = targetsIn(situation, "Delivering").map(({ seen, at }): UnderWay => ({
    seen,
    at,
    steps: stepsOf(situation, seen, at),
  }));
  if (under.length === 0) return {};

  const inState = (state: Outcome["state"]) =>
    under.flatMap(({ seen, steps }) =>
      steps.flatMap((step) => (step.outcome.state === state ? [{ seen, ...step }] : [])),
    );
  const unasked = inState("Ask");
  if (unasked.length > 0)
    return {
      look: { orders: unasked.map(({ seen, order }) => ({ target: seen.target.metadata.uid, key: orderKey(order) })) },
    };

  const unsent = inState("Send");
  if (unsent.length > 0)
    return {
      effects: unsent.map(({ seen, order, expiresAt }): Effect => ({
        do: "deliver",
        target: seen.target,
        order,
        expiresAt,
      })),
    };

  const busy = inState("Busy");
  if (busy.length > 0)
    return { wakeAt: now + Math.min(...busy.map(({ seen }) => pollMsOf(seen.target, observed.settings))) };

  const applied = under
    .filter(({ steps }) => steps.every(({ outcome }) => outcome.state === "Applied"))
    .slice(0, MOVED_AT_ONCE);
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

  const all = under.map((one) => ({ ...one, ...lossOf(situation, one) }));
  const first = all[0];
  if (first === undefined) return {};
  const lost = all.filter(({ reason }) => reason === first.reason).slice(0, MOVED_AT_ONCE);
  const targets = lost.map(({ seen, at, message }) =>
    recordTarget(seen.target, { sequence: at.sequence, message: message.slice(0, 1024) }),
  );
  const message = lost.map(({ seen, message: why }) => `${seen.target.metadata.name}: ${why}`).join("; ");
  return { effects: [hold(situation, "Delivering", targets, { reason: first.reason, message })] };
}

/** The layers of one target in their order: each begins when those it depends on are applied, and nothing else holds it up. */
function stepsOf(situation: Situation, seen: SeenTarget, at: TargetProgress): readonly Step[] {
  const { observed, now } = situation;
  const layers = layersUnderWay(situation, at);
  const depths = depthsOf(layers);
  const began = Date.parse(at.record.time);
  const time = deliveryMsOf(seen.target, observed.settings);
  return layers.reduce<readonly Step[]>((above, layer) => {
    const order = layerOrder(situation, at, layer);
    const expiresAt = began + time * (depths.get(layer.name) ?? 1);
    const outcome =
      heldUp(layer, above) ?? outcomeOf(seen.orders[orderKey(order)], now >= expiresAt, speakerOf(seen.target));
    return [...above, { layer, order, expiresAt, outcome }];
  }, []);
}

/** What keeps a layer from being begun; what it depends on and is not among these ran there already. */
function heldUp({ dependsOn }: Layer, above: readonly Step[]): Outcome | undefined {
  const before = above.filter(({ layer }) => dependsOn.includes(layer.name));
  const failed = before.find(({ outcome }) => outcome.state === "Lost" || outcome.state === "Stopped");
  if (failed !== undefined) return { state: "Stopped", by: failed.layer.name };
  return before.every(({ outcome }) => outcome.state === "Applied") ? undefined : { state: "Waits" };
}

/** Why a target did not get all of it: what is written down about a layer comes before what is only not known. */
function lossOf(situation: Situation, { steps }: UnderWay): { readonly reason: string; readonly message: string } {
  const lost = steps.flatMap(({ layer, outcome }) => (outcome.state === "Lost" ? [{ layer, ...outcome }] : []));
  const written = lost.find((one) => one.written);
  const through = steps.filter(({ outcome }) => outcome.state === "Applied").map(({ layer }) => layer.name);
  const stopped = steps.flatMap(({ layer, outcome }) =>
    outcome.state === "Stopped" ? [`layer ${layer.name}: not begun, because it depends on ${outcome.by}`] : [],
  );
  const applied = through.length === 0 ? [] : [`applied: ${through.join(", ")}`];
  return {
    reason: written !== undefined && through.length > 0 ? LAYER_FAILED : ((written ?? lost[0])?.reason ?? "Unknown"),
    message: [...lost.map(({ layer, message }) => ofLayer(situation, layer, message)), ...stopped, ...applied].join(
      "; ",
    ),
  };
}

/** A lost reply is no outcome: the agent is asked, and the order sent again under its key until its time is over. */
function outcomeOf(order: SeenOrder | undefined, over: boolean, speaker: string): Outcome {
  if (order === undefined) return { state: "Ask" };
  const [written, unknown] = [{ state: "Lost", written: true } as const, { state: "Lost", written: false } as const];
  switch (order.state) {
    case "NotFound":
      return over
        ? { ...unknown, reason: "DeliveryTimedOut", message: `the ${speaker} never took the order` }
        : { state: "Send" };
    case "NotAnswered":
      return over ? { ...unknown, reason: order.reason, message: order.message } : { state: "Busy" };
    case "Refused":
      return PASSING.includes(order.reason) && !over
        ? { state: "Busy" }
        : { ...written, reason: order.reason, message: order.message };
    case "Reported":
      if (order.report.state === "Applied") return { state: "Applied" };
      if (order.report.state === "Failed")
        return { ...written, reason: order.report.reason, message: order.report.message };
      return over
        ? {
            ...unknown,
            reason: "DeliveryTimedOut",
            message: `the ${speaker} is still at ${order.report.state}: ${order.report.message}`,
          }
        : { state: "Busy" };
    default:
      return unreachable(order);
  }
}
