import { digestOf } from "../api/artifact.ts";
import { deploymentRef } from "../api/group.ts";
import { type OrderKeyParts, orderEnded, orderKey } from "../api/order.ts";
import type { RecordTarget } from "../api/record.ts";
import { beginRestore } from "./begin-restore.ts";
import type { Effect, Part, RestoredRelease, Shut } from "./decision.ts";
import { nameOf } from "./gates.ts";
import { namesOf } from "./names.ts";
import type { SeenTarget } from "./observed.ts";
import type { TargetProgress } from "./progress.ts";
import { LAYER, MOVED_AT_ONCE, nextRecord, recordTarget, write } from "./record.ts";
import { type Begun, RESTORE_FAILED } from "./rollback.ts";
import { appState, lastGood, running, type Situation, targetsIn, vanished } from "./situation.ts";
import { unreachable } from "./unreachable.ts";

/** Refusals that pass; one whose key the agent knows from before, with what was kept then, is asked about under it. */
const PASSING: readonly string[] = ["Busy", "KeyReused"];

/** Refusals that pass when somebody sets a clock right. */
const OF_CLOCKS: readonly string[] = ["NotYetValid", "Expired"];

/** Where the restore of one target is. */
type Course =
  | { readonly state: "AskOrder" | "AskAgent" | "Busy" | "Again" }
  /** It does not answer: the order stands until it does. */
  | { readonly state: "Standing"; readonly message: string }
  | { readonly state: "Send"; readonly release: RestoredRelease }
  | { readonly state: "Done"; readonly message: string; readonly runs?: NonNullable<RecordTarget["runs"]> }
  | { readonly state: "Failed"; readonly message: string };

/** Targets that are put back: ordered, asked, and recorded. There is no time limit: who does not answer keeps a standing order. */
export function restoring(situation: Situation): Part {
  const { observed, now, tier } = situation;
  const gone = vanished(situation).filter(({ state }) => state === "RollingBack");
  if (gone.length > 0) return { effects: [nothingToPutBack(situation, gone)] };
  const all = targetsIn(situation, "RollingBack").map((begun) => ({ ...begun, course: courseOf(situation, begun) }));
  if (all.length === 0) return {};
  const at = <S extends Course["state"]>(state: S) =>
    all.flatMap(({ course, ...begun }) =>
      course.state === state ? [{ ...begun, course: course as Extract<Course, { state: S }> }] : [],
    );
  const look = {
    agents: at("AskAgent").map(({ seen }) => seen.target.metadata.uid),
    orders: at("AskOrder").map((begun) => ({
      target: begun.seen.target.metadata.uid,
      key: orderKey(orderOf(situation, begun)),
    })),
  };
  if (look.agents.length + look.orders.length > 0) return { look };

  const lost = all.filter(({ seen }) => appState(seen.target, observed.deployment.spec.app)?.claim === undefined);
  if (lost.length > 0) return { effects: lost.map(({ seen }) => claimAgain(situation, seen)) };

  const unsent = at("Send");
  if (unsent.length > 0)
    return {
      effects: unsent.map((begun): Effect => ({
        do: "restore",
        target: begun.seen.target,
        order: orderOf(situation, begun),
        release: begun.course.release,
        expiresAt: now + observed.settings.deliveryMs,
      })),
    };

  const done = at("Done").slice(0, MOVED_AT_ONCE);
  if (done.length > 0)
    return {
      effects: [
        write(
          nextRecord(observed, now, {
            tier,
            from: "RollingBack",
            to: "RolledBack",
            reason: "Restored",
            message: done.map(({ seen, course }) => `${seen.target.metadata.name} ${course.message}`).join("; "),
            targets: done.map(({ seen, at: { sequence }, course }) =>
              recordTarget(seen.target, {
                sequence,
                message: course.message,
                ...(course.runs && { runs: course.runs }),
              }),
            ),
          }),
        ),
      ],
    };

  const failed = at("Failed").slice(0, MOVED_AT_ONCE);
  if (failed.length > 0)
    return {
      effects: [
        write(
          nextRecord(observed, now, {
            tier,
            from: "RollingBack",
            to: "Held",
            reason: RESTORE_FAILED,
            message: `${namesOf(failed.map(({ seen }) => seen.target))} could not be restored: ${failed.map(({ seen, course }) => `${seen.target.metadata.name}: ${course.message}`).join("; ")}`,
            targets: failed.map(({ seen, at: { sequence }, course }) =>
              recordTarget(seen.target, { sequence, message: course.message.slice(0, 1024) }),
            ),
          }),
        ),
      ],
    };

  const again = at("Again");
  if (again.length > 0)
    return beginRestore(situation, again, {
      reason: "RestoreAgain",
      message: `${namesOf(again.map(({ seen }) => seen.target))} had taken a higher sequence, or took the order too late: it is asked again`,
    });

  const standing = at("Standing");
  return {
    wakeAt: now + (at("Busy").length > 0 ? observed.settings.pollMs : observed.settings.retryMs),
    ...(standing.length > 0 && { blockedBy: [standingOrder(standing)] }),
  };
}

/** A target that was deleted on its way back. */
const nothingToPutBack = ({ observed, now, tier }: Situation, gone: readonly TargetProgress[]): Effect =>
  write(
    nextRecord(observed, now, {
      tier,
      from: "RollingBack",
      to: "RolledBack",
      reason: "TargetGone",
      message: `${namesOf(gone.map((at) => ({ metadata: at })))} was deleted: nothing is left there to put back`,
      targets: gone.map((at) => recordTarget({ kind: at.kind, metadata: at }, { sequence: at.sequence })),
    }),
  );

const orderOf = ({ observed }: Situation, { seen, at }: Begun): OrderKeyParts => ({
  targetUid: seen.target.metadata.uid,
  app: observed.deployment.spec.app,
  layer: LAYER,
  sequence: at.sequence,
});

function courseOf(situation: Situation, begun: Begun): Course {
  const { seen } = begun;
  const { metadata, spec } = situation.observed.deployment;
  const claim = appState(seen.target, spec.app)?.claim;
  if (claim !== undefined && claim.uid !== metadata.uid)
    return { state: "Failed", message: `it was taken by ${deploymentRef(claim.name)}` };
  const order = seen.orders[orderKey(orderOf(situation, begun))];
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
    return mayStillArrive(situation, at)
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
function mayStillArrive({ observed, now }: Situation, { uid }: TargetProgress): boolean {
  const sent = observed.records.findLast(
    (record) => record.to === "Delivering" && record.targets?.some((target) => target.uid === uid),
  );
  return sent !== undefined && now < Date.parse(sent.time) + observed.settings.deliveryMs;
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
    return { state: "Failed", message: `its agent says that ${runs.version} still runs there` };
  return {
    state: "Done",
    message: `runs ${runs.version} again`,
    runs: { version: runs.version, digest: runs.digest },
  };
}

/** The claim was let go by a request that arrived late; nobody had it since, or its claim would be there. */
function claimAgain({ observed }: Situation, { target }: SeenTarget): Effect {
  const { metadata, spec } = observed.deployment;
  const app = appState(target, spec.app) ?? { app: spec.app, sequence: 0 };
  return {
    do: "claim",
    target,
    app: { ...app, claim: { name: metadata.name, uid: metadata.uid, version: spec.version } },
  };
}

const standingOrder = (standing: readonly (Begun & { readonly course: { readonly message: string } })[]): Shut => ({
  gate: "reachable",
  message: standing
    .map(({ seen, course }) => `${nameOf(seen)} does not answer, its restore is a standing order: ${course.message}`)
    .join("; ")
    .slice(0, 1024),
  who: "who runs the target; it is asked again every few seconds, and restored as soon as it answers",
});
