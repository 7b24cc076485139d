import type { Mainframe } from "../api/mainframe.ts";
import { requiredApprovals, type Server } from "../api/server.ts";
import { runsOf, type TargetStatus } from "../api/target.ts";
import { conditionsOf, type ConditionDraft } from "./conditions.ts";
import { driftsOf, driftSentence } from "./drift.ts";
import type { SeenAgent, SeenLicence, SeenPolicies } from "./observed.ts";
import { isServer } from "./tiers.ts";
import { speakerOf } from "./ways.ts";

/** Everything the judgement on a Server or Mainframe may look at. */
export interface ObservedTarget {
  readonly target: Server | Mainframe;
  readonly agent: SeenAgent;
  readonly policies: SeenPolicies;
  readonly licence?: SeenLicence;
  /** Of a Mainframe: whether the Omega server it names exists. */
  readonly omegaExists?: boolean;
  /** Whether an update of this name is there, which could deliver again what it brought. */
  readonly isThere: (update: string) => boolean;
}

/** The whole status of a target; what updates wrote under `apps` stays as it is. */
export function statusOfTarget(seen: ObservedTarget, now: number): TargetStatus {
  const { target, agent } = seen;
  const { generation } = target.metadata;
  const ready = readiness(seen);
  const drift = drifted(seen);
  const drafts = [ready, ...drift, ...gateCondition(seen), ...insecure(target), ...licensed(seen)];
  const runs = runsOf(target.status.apps ?? []);
  const agentVersion = agent.state === "Answered" ? agent.status.version : target.status.agentVersion;
  return {
    observedGeneration: generation,
    message: (ready.status === "True" ? (drift[0] ?? ready) : ready).message.slice(0, 1024),
    ...(agentVersion !== undefined && { agentVersion }),
    ...(runs !== "" && { runs }),
    ...(target.status.apps && { apps: target.status.apps }),
    conditions: conditionsOf(target.status.conditions, drafts, generation, now),
  };
}

const yes = { type: "Ready", status: "True" } as const;
const ANSWERS: Readonly<Record<ReturnType<typeof speakerOf>, ConditionDraft>> = {
  agent: { ...yes, reason: "AgentAnswers", message: "its agent answers" },
  repository: { ...yes, reason: "RepositoryAnswers", message: "its repository answers" },
  cluster: { ...yes, reason: "ClusterAnswers", message: "its cluster answers" },
};

const no = (reason: string, message: string): ConditionDraft => ({ type: "Ready", status: "False", reason, message });

function readiness({ target, agent, licence, omegaExists }: ObservedTarget): ConditionDraft {
  if (!isServer(target) && omegaExists === false)
    return no(
      "OmegaMissing",
      `there is no Omega server ${target.spec.omega} in this namespace: who administers it creates one, or corrects spec.omega`,
    );
  if (licence?.valid === false) return no(licence.reason, licence.message);
  const speaker = speakerOf(target);
  switch (agent.state) {
    case "NotAsked":
      return { type: "Ready", status: "Unknown", reason: "NotAsked", message: `its ${speaker} has not been asked yet` };
    case "NotAnswered":
      return no(agent.reason, agent.message);
    case "Answered":
      return ANSWERS[speaker];
    default:
      return agent;
  }
}

export const DRIFTED = "Drifted";

/** There while it is True, like everything that is wrong only sometimes; a silent agent takes nothing back of what was seen. */
function drifted({ target, agent, isThere }: ObservedTarget): readonly ConditionDraft[] {
  if (agent.state !== "Answered") return said(target, DRIFTED);
  const drifts = driftsOf(target, agent.status);
  if (drifts.length === 0) return [];
  const message = drifts.map((drift) => driftSentence(target, drift, isThere)).join("; ");
  return [{ type: DRIFTED, status: "True", reason: "NotAsDelivered", message }];
}

const said = (target: Server | Mainframe, type: string): readonly ConditionDraft[] =>
  (target.status.conditions ?? []).filter((condition) => condition.type === type);

function gateCondition({ target, policies }: ObservedTarget): readonly ConditionDraft[] {
  if (!isServer(target)) return [];
  if (requiredApprovals(target.spec) === 0 && target.spec.approval.mainframes.required === 0) return [];
  const type = "ApprovalGateEnforced";
  // An operator that has just started knows nothing yet: what was said before stays, instead of going and coming back at every start.
  if (policies.state === "NotAsked") return said(target, type);
  return policies.state === "InForce"
    ? [{ type, status: "True", reason: "PoliciesInForce", message: "the API server checks and stamps every approval" }]
    : [{ type, status: "False", reason: policies.reason, message: policies.message }];
}

const insecure = (target: Server | Mainframe): readonly ConditionDraft[] =>
  target.spec.url?.startsWith("http://") === true
    ? [
        {
          type: "Insecure",
          status: "True",
          reason: "PlainHttp",
          message: "it is reached by http://: what is read there can be changed on the way",
        },
      ]
    : [];

function licensed({ target, licence }: ObservedTarget): readonly ConditionDraft[] {
  if (isServer(target) || licence === undefined) return [];
  return licence.valid
    ? [{ type: "Licensed", status: "True", reason: "LicenceValid", message: `licensed to ${licence.holder}` }]
    : [{ type: "Licensed", status: "False", reason: licence.reason, message: licence.message }];
}
