import { digestOf } from "../api/artifact.ts";
import { deploymentRef } from "../api/group.ts";
import type { Layer } from "../api/layer.ts";
import { type OrderKeyParts, orderEnded, orderKey } from "../api/order.ts";
import type { RecordTarget } from "../api/record.ts";
import type { RestoredRelease } from "./decision.ts";
import { depthsOf, layerOrder, layersToPutBack, layersUnderWay, ofLayer } from "./layers.ts";
import type { SeenTarget } from "./observed.ts";
import type { Begun } from "./rollback.ts";
import { appState, lastGood, releaseThere, running, type Situation } from "./situation.ts";
import { unreachable } from "./unreachable.ts";
import { deliveryMsOf, speakerOf } from "./ways.ts";

/** Refusals that pass; one whose key the agent knows from before, with what was kept then, is asked about under it. */
const PASSING: readonly string[] = ["Busy", "KeyReused"];

/** Refusals that pass when somebody sets a clock right. */
const OF_CLOCKS: readonly string[] = ["NotYetValid", "Expired"];

/** Where the restore of one layer of a target is. */
type LayerCourse =
  | { readonly state: "AskOrder" | "AskAgent" | "Busy" | "Again" }
  /** It does not answer: the order stands until it does. */
  | { readonly state: "Standing"; readonly message: string }
  | { readonly state: "Send"; readonly release: RestoredRelease }
  /** `message` where nothing runs there. */
  | { readonly state: "Done"; readonly message?: string }
  | { readonly state: "Failed"; readonly message: string }
  /** What depends on it is put back first. */
  | { readonly state: "Waits" }
  /** What depends on it could not be put back: it stays. */
  | { readonly state: "Stopped"; readonly by: string };

/** Where the restore of one target is, all its layers together. */
export type Course =
  | { readonly state: "AskAgent" | "Busy" | "Again" }
  | { readonly state: "AskOrders"; readonly orders: readonly OrderKeyParts[] }
  | { readonly state: "Standing"; readonly message: string }
  | {
      readonly state: "Send";
      readonly orders: readonly { readonly order: OrderKeyParts; readonly release: RestoredRelease }[];
    }
  | { readonly state: "Done"; readonly message: string; readonly runs?: NonNullable<RecordTarget["runs"]> }
  | { readonly state: "Failed"; readonly message: string };

interface Step {
  readonly layer: Layer;
  readonly course: LayerCourse;
}

/** The orders of a restore: their sequence is that of the record that began it. */
export const restoreOrders = (situation: Pick<Situation, "observed">, { at }: Begun): readonly OrderKeyParts[] =>
  layersToPutBack(situation, at).map((layer) => layerOrder(situation, at, layer));

/** What has to happen next, by what the agent says of the orders and of what runs. */
export function courseOf(situation: Situation, begun: Begun): Course {
  const { seen, at } = begun;
  const { metadata, spec } = situation.observed.deployment;
  const claim = appState(seen.target, spec.app)?.claim;
  if (claim !== undefined && claim.uid !== metadata.uid)
    return { state: "Failed", message: `it was taken by ${deploymentRef(claim.name)}` };
  const steps = stepsOf(situation, begun);
  const inState = <S extends LayerCourse["state"]>(state: S) =>
    steps.flatMap(({ layer, course }) =>
      course.state === state ? [{ layer, course: course as Extract<LayerCourse, { state: S }> }] : [],
    );
  if (inState("AskAgent").length > 0) return { state: "AskAgent" };
  const unasked = inState("AskOrder");
  if (unasked.length > 0)
    return { state: "AskOrders", orders: unasked.map(({ layer }) => layerOrder(situation, at, layer)) };
  const unsent = inState("Send");
  if (unsent.length > 0)
    return {
      state: "Send",
      orders: unsent.map(({ layer, course: { release } }) => ({ order: layerOrder(situation, at, layer), release })),
    };
  if (inState("Again").length > 0) return { state: "Again" };
  const [standing] = inState("Standing");
  if (standing !== undefined)
    return { state: "Standing", message: ofLayer(situation, standing.layer, standing.course.message) };
  if (inState("Busy").length > 0) return { state: "Busy" };
  const failed = inState("Failed").map(({ layer, course }) => ofLayer(situation, layer, course.message));
  const stopped = inState("Stopped").map(
    ({ layer, course }) => `layer ${layer.name}: left as it is, because ${course.by} depends on it`,
  );
  if (failed.length > 0) return { state: "Failed", message: [...failed, ...stopped].join("; ") };
  return done(situation, begun, steps);
}

/** What depends on something is put back before that; layers that have nothing to do with each other go at once. */
function stepsOf(situation: Situation, begun: Begun): readonly Step[] {
  return layersToPutBack(situation, begun.at).reduceRight<readonly Step[]>((before, layer) => {
    const resting = before.filter((step) => step.layer.dependsOn.includes(layer.name));
    const failed = resting.find(({ course }) => course.state === "Failed" || course.state === "Stopped");
    const course: LayerCourse =
      failed !== undefined
        ? { state: "Stopped", by: failed.layer.name }
        : resting.every((step) => step.course.state === "Done")
          ? courseOfLayer(situation, begun, layer)
          : { state: "Waits" };
    return [...before, { layer, course }];
  }, []);
}

/** What runs there now, all layers together, goes into the record. */
function done({ observed }: Situation, { seen: { agent, target } }: Begun, steps: readonly Step[]): Course {
  const runs = agent.state === "Answered" ? running(target, agent.status, observed.deployment.spec.app) : undefined;
  const said = steps.flatMap(({ course }) => (course.state === "Done" ? (course.message ?? []) : []));
  if (runs === undefined) return { state: "Done", message: said[0] ?? "runs nothing" };
  return { state: "Done", message: `runs ${runs.version} again`, runs: releaseThere(runs) };
}

function courseOfLayer(situation: Situation, begun: Begun, layer: Layer): LayerCourse {
  const { seen, at } = begun;
  const order = seen.orders[orderKey(layerOrder(situation, at, layer))];
  if (order === undefined) return { state: "AskOrder" };
  switch (order.state) {
    case "NotFound":
      return unsent(situation, begun, layer);
    case "NotAnswered":
      return { state: "Standing", message: order.message };
    case "Refused":
      if (order.reason === "SequenceTooLow") return again(seen);
      if (OF_CLOCKS.includes(order.reason))
        return { state: "Standing", message: `it refuses the order for now: ${order.message}` };
      return PASSING.includes(order.reason) ? { state: "Busy" } : { state: "Failed", message: order.message };
    case "Reported":
      if (order.report.state === "Applied") return put(situation, begun, layer);
      if (order.report.state !== "Failed") return { state: "Busy" };
      return order.report.reason === "Expired" ? again(seen) : { state: "Failed", message: order.report.message };
    default:
      return unreachable(order);
  }
}

/** A sequence above all that it has seen takes that it says what it has seen. */
const again = ({ agent }: SeenTarget): LayerCourse => {
  if (agent.state === "NotAnswered") return { state: "Standing", message: agent.message };
  return agent.state === "NotAsked" ? { state: "AskAgent" } : { state: "Again" };
};

const itemOf = <Item extends { readonly app: string; readonly layer: string }>(
  items: readonly Item[],
  app: string,
  { name }: Layer,
): Item | undefined => items.find((item) => item.app === app && item.layer === name);

/** What the order has to say depends on what runs there now. */
function unsent(situation: Situation, { seen, at }: Begun, layer: Layer): LayerCourse {
  const { agent } = seen;
  const { app } = situation.observed.deployment.spec;
  if (agent.state === "NotAsked") return { state: "AskAgent" };
  if (agent.state === "NotAnswered") return { state: "Standing", message: agent.message };
  const taken = itemOf(agent.status.seen, app, layer);
  if (taken !== undefined && !orderEnded(taken.state)) return { state: "Busy" };
  if (taken !== undefined && taken.sequence >= at.sequence) return { state: "Again" };
  const runs = itemOf(agent.status.apps, app, layer);
  if (runs === undefined)
    return mayStillArrive(situation, seen, layer)
      ? { state: "Busy" }
      : { state: "Done", message: "runs nothing: nothing was delivered there" };
  if (runs.digest !== digestOf(layer.artifact))
    // It runs something else; an order for that very release keeps out a delivery that is still on its way.
    return { state: "Send", release: { version: runs.version, digest: runs.digest, undoes: runs.sequence } };
  const previous = lastGood(situation, seen.target, agent.status, layer.name);
  if (previous === undefined)
    return { state: "Failed", message: "nothing ran there before this update, so there is nothing to put back" };
  if (isUnchanged(previous, layer)) return { state: "Done" };
  return { state: "Send", release: { ...previous, undoes: runs.sequence } };
}

/** One of several layers that was the same before this update. */
const isUnchanged = (previous: { readonly digest: string } | undefined, { artifact }: Layer): boolean =>
  previous?.digest === digestOf(artifact);

/** A delivery that was never seen there may be on its way until it expires, and nothing can keep it out of an empty place. */
function mayStillArrive(situation: Situation, { target }: SeenTarget, layer: Layer): boolean {
  const { observed, now } = situation;
  const { uid } = target.metadata;
  const sent = observed.records.findLast(
    (record) => record.to === "Delivering" && record.targets?.some((moved) => moved.uid === uid),
  );
  if (sent === undefined) return false;
  const depth = depthsOf(layersUnderWay(situation, { uid, record: sent })).get(layer.name) ?? 1;
  return now < Date.parse(sent.time) + deliveryMsOf(target, observed.settings) * depth;
}

/** The agent says it is done; what it says runs there now must agree. */
function put(situation: Situation, { seen, at }: Begun, layer: Layer): LayerCourse {
  const { agent } = seen;
  const { app } = situation.observed.deployment.spec;
  if (agent.state === "NotAsked") return { state: "AskAgent" };
  if (agent.state === "NotAnswered") return { state: "Standing", message: agent.message };
  const taken = itemOf(agent.status.seen, app, layer);
  // What it said before it was done, in the same round, says nothing about what runs now.
  if (taken !== undefined && (taken.sequence < at.sequence || !orderEnded(taken.state))) return { state: "Busy" };
  const runs = itemOf(agent.status.apps, app, layer);
  if (runs === undefined) return { state: "Done", message: "runs nothing" };
  if (
    runs.digest === digestOf(layer.artifact) &&
    !isUnchanged(lastGood(situation, seen.target, agent.status, layer.name), layer)
  )
    return { state: "Failed", message: `its ${speakerOf(seen.target)} says that ${runs.version} still runs there` };
  return { state: "Done" };
}
