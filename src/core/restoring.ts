import { orderKey } from "../api/order.ts";
import { beginRestore } from "./begin-restore.ts";
import type { Effect, Part, Shut } from "./decision.ts";
import { nameOf } from "./gates.ts";
import { namesOf } from "./names.ts";
import type { SeenTarget } from "./observed.ts";
import type { TargetProgress } from "./progress.ts";
import { MOVED_AT_ONCE, nextRecord, recordTarget, write } from "./record.ts";
import { type Course, courseOf } from "./restore-course.ts";
import { type Begun, RESTORE_FAILED } from "./rollback.ts";
import { appState, type Situation, targetsIn, vanished } from "./situation.ts";
import { deliveryMsOf } from "./ways.ts";

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
    orders: at("AskOrders").flatMap(({ seen, course }) =>
      course.orders.map((order) => ({ target: seen.target.metadata.uid, key: orderKey(order) })),
    ),
  };
  if (look.agents.length + look.orders.length > 0) return { look };

  const lost = all.filter(({ seen }) => appState(seen.target, observed.deployment.spec.app)?.claim === undefined);
  if (lost.length > 0) return { effects: lost.map(({ seen }) => claimAgain(situation, seen)) };

  const unsent = at("Send");
  if (unsent.length > 0)
    return {
      effects: unsent.flatMap(({ seen: { target }, course }) =>
        course.orders.map(({ order, release }): Effect => ({
          do: "restore",
          target,
          order,
          release,
          expiresAt: now + deliveryMsOf(target, observed.settings),
        })),
      ),
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
