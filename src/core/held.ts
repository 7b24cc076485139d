import { actionsOf } from "../api/actions.ts";
import { deploymentRef } from "../api/group.ts";
import type { Mainframe } from "../api/mainframe.ts";
import type { RecordSpec } from "../api/record.ts";
import type { Server } from "../api/server.ts";
import { actionCommand } from "./commands.ts";
import type { Part, Shut } from "./decision.ts";
import { namesOf } from "./names.ts";
import { nextRecord, recordTarget, write } from "./record.ts";
import { appState, runsThis, type Situation, targetsIn } from "./situation.ts";

/** A verification is repeated by naming the record that holds it. */
export const heldToken = (record: RecordSpec): string => record.hash.slice(0, 16);

/** Targets that wait for a person after a failure. Nothing here acts by itself. */
export function held(situation: Situation): Part {
  const { observed, now, tier } = situation;
  const { metadata, spec } = observed.deployment;
  const all = targetsIn(situation, "Held");
  const newest = all.map(({ at }) => at.record).reduce<RecordSpec | undefined>((a, b) => (a && a.seq > b.seq ? a : b), undefined);
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

  const repeatable = all.filter(({ seen }) => seen.agent.state === "Answered" && runsThis(situation, seen.agent.status));
  const token = heldToken(newest);
  const asked = actionsOf(metadata.annotations).find((a) => a.verb === "verify" && a.tier === tier && a.token === token && a.by !== undefined);
  if (asked?.by !== undefined && repeatable.length > 0)
    return {
      effects: [
        write(
          nextRecord(observed, now, {
            tier,
            from: "Held",
            to: "Verifying",
            reason: "VerifyAsked",
            message: `${asked.by} asked to verify again${asked.reason === "" ? "" : `: ${asked.reason}`}`,
            targets: repeatable.map(({ seen, at }) => recordTarget(seen.target, { sequence: at.sequence, attempt: at.attempt + 1 })),
            actor: {
              name: asked.by,
              known: observed.policies.state === "InForce" && observed.policies.stamps === "Client" ? "Client" : "Admission",
            },
          }),
        ),
      ],
    };

  const silent = all.filter(({ seen }) => seen.agent.state === "NotAnswered");
  const command = actionCommand(observed.deployment, { verb: "verify", tier, token }, observed.policies);
  return {
    ...(silent.length > 0 && { wakeAt: now + observed.settings.retryMs }),
    blockedBy: [
      {
        gate: "held",
        ...(repeatable.length > 0
          ? { message: newest.message, who: `whoever may verify ${tier}, once the cause is gone`, command, token }
          : notRepeatable(newest, silent.map(({ seen }) => seen.target))),
      },
    ],
  };
}

/** Who does not answer may run the update all the same: only the answer tells whether another one is needed. */
function notRepeatable({ message }: RecordSpec, silent: readonly (Server | Mainframe)[]): Pick<Shut, "message" | "who"> {
  return silent.length > 0
    ? {
        message: `${message}; whether it can be verified again is known when ${namesOf(silent)} answers`,
        who: `who runs ${namesOf(silent)}; asked again every few seconds`,
      }
    : {
        message: `${message}; it cannot be verified again, because the update does not run there: push a corrected one under a new name`,
        who: "the author of the update",
      };
}
