import { digestOf } from "../api/artifact.ts";
import { deploymentRef } from "../api/group.ts";
import { type OrderKeyParts, orderEnded, orderKey } from "../api/order.ts";
import type { RecordTarget } from "../api/record.ts";
import type { RestoredRelease } from "./decision.ts";
import type { SeenTarget } from "./observed.ts";
import { LAYER } from "./record.ts";
import type { Begun } from "./rollback.ts";
import { appState, lastGood, running, type Situation } from "./situation.ts";
import { unreachable } from "./unreachable.ts";
import { deliveryMsOf, speakerOf } from "./ways.ts";

/** Refusals that pass; one whose key the agent knows from before, with what was kept then, is asked about under it. */
const PASSING: readonly string[] = ["Busy", "KeyReused"];

/** Refusals that pass when somebody sets a clock right. */
const OF_CLOCKS: readonly string[] = ["NotYetValid", "Expired"];

/** Where the restore of one target is. */
export type Course =
  | { readonly state: "AskOrder" | "AskAgent" | "Busy" | "Again" }
  /** It does not answer: the order stands until it does. */
  | { readonly state: "Standing"; readonly message: string }
  | { readonly state: "Send"; readonly release: RestoredRelease }
  | { readonly state: "Done"; readonly message: string; readonly runs?: NonNullable<RecordTarget["runs"]> }
  | { readonly state: "Failed"; readonly message: string };

/** The order of a restore: its sequence is that of the record that began it. */
export const restoreOrder = ({ observed }: Situation, { seen, at }: Begun): OrderKeyParts => ({
  targetUid: seen.target.metadata.uid,
  app: observed.deployment.spec.app,
  layer: LAYER,
  sequence: at.sequence,
});

/** What has to happen next, by what the agent says of the order and of what runs. */
export function courseOf(situation: Situation, begun: Begun): Course {
  const { seen } = begun;
  const { metadata, spec } = situation.observed.deployment;
  const claim = appState(seen.target, spec.app)?.claim;
  if (claim !== undefined && claim.uid !== metadata.uid)
    return { state: "Failed", message: `it was taken by ${deploymentRef(claim.name)}` };
  const order = seen.orders[orderKey(restoreOrder(situation, begun))];
  if (order === undefined) return { state: "AskOrder" };
  switch (order.state) {
    case "NotFound":
      return unsent(situation, begun);
    case "NotAnswered":
      return { state: "Standing", message: order.message };
    case "Refused":
      if (order.reason === "SequenceTooLow") return again(seen);
      if (OF_CLOCKS.includes(order.reason))
        return { state: "Standing", message: `it refuses the order for now: ${order.message}` };
      return PASSING.includes(order.reason) ? { state: "Busy" } : { state: "Failed", message: order.message };
    case "Reported":
      if (order.report.state === "Applied") return put(situation, begun);
      if (order.report.state !== "Failed") return { state: "Busy" };
      return order.report.reason === "Expired" ? again(seen) : { state: "Failed", message: order.report.message };
    default:
      return unreachable(order);
  }
}

/** A sequence above all that it has seen takes that it says what it has seen. */
const again = ({ agent }: SeenTarget): Course => {
  if (agent.state === "NotAnswered") return { state: "Standing", message: agent.message };
  return agent.state === "NotAsked" ? { state: "AskAgent" } : { state: "Again" };
};

/** What the order has to say depends on what runs there now. */
function unsent(situation: Situation, { seen, at }: Begun): Course {
  const { agent } = seen;
  const { spec } = situation.observed.deployment;
  if (agent.state === "NotAsked") return { state: "AskAgent" };
  if (agent.state === "NotAnswered") return { state: "Standing", message: agent.message };
  const taken = agent.status.seen.find((item) => item.app === spec.app && item.layer === LAYER);
  if (taken !== undefined && !orderEnded(taken.state)) return { state: "Busy" };
  if (taken !== undefined && taken.sequence >= at.sequence) return { state: "Again" };
  const runs = running(agent.status, spec.app);
  if (runs === undefined)
    return mayStillArrive(situation, seen)
      ? { state: "Busy" }
      : { state: "Done", message: "runs nothing: nothing was delivered there" };
  if (runs.digest !== digestOf(spec.artifact))
    // It runs something else; an order for that very release keeps out a delivery that is still on its way.
    return { state: "Send", release: { version: runs.version, digest: runs.digest, undoes: runs.sequence } };
  const previous = lastGood(situation, seen.target, agent.status);
  return previous === undefined
    ? { state: "Failed", message: "nothing ran there before this update, so there is nothing to put back" }
    : { state: "Send", release: { ...previous, undoes: runs.sequence } };
}

/** A delivery that was never seen there may be on its way until it expires, and nothing can keep it out of an empty place. */
function mayStillArrive({ observed, now }: Situation, { target }: SeenTarget): boolean {
  const sent = observed.records.findLast(
    (record) => record.to === "Delivering" && record.targets?.some(({ uid }) => uid === target.metadata.uid),
  );
  return sent !== undefined && now < Date.parse(sent.time) + deliveryMsOf(target, observed.settings);
}

/** The agent says it is done; what runs there now goes into the record. */
function put({ observed }: Situation, { seen, at }: Begun): Course {
  const { agent } = seen;
  const { spec } = observed.deployment;
  if (agent.state === "NotAsked") return { state: "AskAgent" };
  if (agent.state === "NotAnswered") return { state: "Standing", message: agent.message };
  const taken = agent.status.seen.find((item) => item.app === spec.app && item.layer === LAYER);
  // What it said before it was done, in the same round, says nothing about what runs now.
  if (taken !== undefined && (taken.sequence < at.sequence || !orderEnded(taken.state))) return { state: "Busy" };
  const runs = running(agent.status, spec.app);
  if (runs === undefined) return { state: "Done", message: "runs nothing" };
  if (runs.digest === digestOf(spec.artifact))
    return { state: "Failed", message: `its ${speakerOf(seen.target)} says that ${runs.version} still runs there` };
  return {
    state: "Done",
    message: `runs ${runs.version} again`,
    runs: { version: runs.version, digest: runs.digest },
  };
}
