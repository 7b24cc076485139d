import type { Mainframe } from "../api/mainframe.ts";
import type { Server } from "../api/server.ts";
import { actionsOf } from "../api/actions.ts";
import { deploymentRef } from "../api/group.ts";
import type { RecordSpec } from "../api/record.ts";
import { actorOf, askedBy, untilPolicies } from "./actor.ts";
import { actionCommand, deleteCommand } from "./commands.ts";
import type { Part, Shut } from "./decision.ts";
import type { SeenTarget } from "./observed.ts";
import type { TargetProgress } from "./progress.ts";
import { nextRecord, recordTarget, write } from "./record.ts";
import { isFailedRestore, judgeRollback, rollbackToken } from "./rollback.ts";
import { appState, isClaimedBy, runsThis, type Situation, targetsIn } from "./situation.ts";
import { tokenOfRecorded } from "./token.ts";
import { speakerOf } from "./ways.ts";

/** A verification is repeated by naming the newest record that holds something in the tier. */
export function heldToken(situation: Situation): string | undefined {
  const newest = newestHeld(situation);
  return newest && tokenOfRecorded(newest.hash, situation.observed.policies);
}

/** Not those that could not be put back: nobody verifies them, they are rolled back again. */
const plainlyHeld = (situation: Situation) => targetsIn(situation, "Held").filter(({ at }) => !isFailedRestore(at));

const newestHeld = (situation: Situation): RecordSpec | undefined =>
  plainlyHeld(situation)
    .map(({ at }) => at.record)
    .sort((a, b) => a.seq - b.seq)
    .at(-1);

/** Targets that wait for a person after a failure. Nothing here acts by itself. */
export function held(situation: Situation): Part {
  const { observed, now, tier } = situation;
  const { metadata, spec } = observed.deployment;
  const all = plainlyHeld(situation);
  const newest = newestHeld(situation);
  if (newest === undefined) return {};

  const taken = all.find(({ seen }) => {
    const claim = appState(seen.target, spec.app)?.claim;
    return claim !== undefined && claim.uid !== metadata.uid;
  });
  if (taken !== undefined)
    return {
      effects: [
        write(
          nextRecord(observed, now, {
            from: "Held",
            to: "Superseded",
            reason: "TakenOver",
            message: `${taken.seen.target.metadata.name} was taken by ${deploymentRef(appState(taken.seen.target, spec.app)?.claim?.name ?? "")}, which is newer`,
          }),
        ),
      ],
    };

  const unasked = all.filter(({ seen }) => seen.agent.state === "NotAsked");
  if (unasked.length > 0) return { look: { agents: unasked.map(({ seen }) => seen.target.metadata.uid) } };

  const runs = all.filter(
    ({ seen }) => seen.agent.state === "Answered" && runsThis(situation, seen.target, seen.agent.status),
  );
  const repeatable = runs.filter(({ seen, at }) => isOurs(situation, seen, at));
  const token = tokenOfRecorded(newest.hash, observed.policies);
  const asked = actionsOf(metadata.annotations).find(
    (a) => a.verb === "verify" && a.tier === tier && a.token === token && a.by !== undefined,
  );
  const by = askedBy(asked, observed.policies);
  if (asked !== undefined && by !== undefined && repeatable.length > 0) {
    const message = `${by} asked to verify again${asked.reason === "" ? "" : `: ${asked.reason}`}`;
    const targets = repeatable.map(({ seen, at }) =>
      // The sequence of the claim, which is higher where a restore had begun to be prepared.
      recordTarget(seen.target, {
        sequence: isClaimedBy(seen.target, spec.app, metadata.uid)
          ? (appState(seen.target, spec.app)?.sequence ?? at.sequence)
          : at.sequence,
        attempt: at.attempt + 1,
      }),
    );
    const actor = actorOf([by], observed.policies);
    return {
      effects: [
        write(
          nextRecord(observed, now, {
            tier,
            from: "Held",
            to: "Verifying",
            reason: "VerifyAsked",
            message,
            targets,
            actor,
          }),
        ),
      ],
    };
  }

  const silent = all.find(({ seen }) => seen.agent.state === "NotAnswered")?.seen.target;
  return {
    // A silent agent, or one still at the order, becomes one that can be verified without any event of the cluster.
    ...(repeatable.length === 0 && { wakeAt: now + observed.settings.retryMs }),
    blockedBy: [
      repeatable.length > 0 ? toRepeat(situation, newest.message, token) : toGiveUp(situation, newest.message, silent),
    ],
  };
}

/** Claimed by this update, or let go by it and by nobody used since: the sequence shows it. */
function isOurs({ observed }: Situation, { target }: SeenTarget, { sequence }: TargetProgress): boolean {
  const { metadata, spec } = observed.deployment;
  const app = appState(target, spec.app);
  return app?.claim?.uid === metadata.uid || (app?.claim === undefined && app?.sequence === sequence);
}

function toRepeat(situation: Situation, message: string, token: string): Shut {
  const { observed, tier } = situation;
  // A token of now would be none by then.
  const later = untilPolicies(observed.policies);
  if (later !== undefined) return { gate: "held", message, who: `whoever may verify ${tier}, ${later}`.slice(0, 512) };
  return {
    gate: "held",
    message,
    who: `whoever may verify ${tier}, once the cause is gone${orBack(situation)}`,
    command: actionCommand(observed.deployment, { verb: "verify", tier, token }, observed.policies),
    token,
  };
}

/** On Public a newer update takes over; what is held further on keeps its target until somebody lets it go. */
function toGiveUp(situation: Situation, message: string, silent: Server | Mainframe | undefined): Shut {
  const { observed, tier } = situation;
  const why = silent
    ? `whether the update runs there is not known while its ${speakerOf(silent)} does not answer`
    : "it cannot be verified again, because the update does not run there";
  const keeps = tier === "omega" || tier === "mainframes";
  return {
    gate: "held",
    message: `${message}; ${why}`,
    who: silent
      ? `who runs the target; its ${speakerOf(silent)} is asked again every few seconds`
      : `the author of the update: ${keeps ? "delete it, which lets the target go and undoes nothing, and push" : "push"} a corrected one under a new name${keeps ? "" : " and a higher version, or delete this one first"}${orBack(situation)}`,
    ...(keeps && !silent && { command: deleteCommand(observed.deployment.metadata) }),
  };
}

/** What was delivered can be taken back by who may, as long as nothing else was delivered since. */
function orBack({ observed, progress, tier }: Situation): string {
  const token = rollbackToken(tier, observed, progress);
  if (token === undefined || untilPolicies(observed.policies) !== undefined) return "";
  if ("why" in judgeRollback(tier, observed, progress)) return "";
  return `; or whoever may roll ${tier} back: ${actionCommand(observed.deployment, { verb: "rollback", tier, token }, observed.policies)}`;
}
