import { digestOf } from "../api/artifact.ts";
import type { DeploymentSpec } from "../api/deployment.ts";
import { deploymentRef } from "../api/group.ts";
import { digestOfUpdate, type LayerRelease, layersOf } from "../api/layer.ts";
import type { TargetReport } from "../api/report.ts";
import { TIME_GATES, type TimeGate } from "../api/record.ts";
import { compareVersions } from "../api/version.ts";
import type { Approvals } from "./approvals.ts";
import { actionCommand, deleteCommand } from "./commands.ts";
import type { Shut } from "./decision.ts";
import { notConfigured } from "./evidence.ts";
import { jobCategories } from "./job.ts";
import type { SeenTarget } from "./observed.ts";
import { queueGate } from "./queue.ts";
import { appState, type Running, running, type Situation, unfinishedOrder } from "./situation.ts";
import { isServer } from "./tiers.ts";
import type { TimeGates } from "./time-gates.ts";
import { quarantineAt } from "./token.ts";
import { misfit, speakerOf, wayTo } from "./ways.ts";
import { voidedTokens } from "./voided.ts";

/** What stands between one waiting target and its delivery; each gate is a pure question about one thing. */
export type Standing =
  /** Open; `there` where it already runs this artifact and is only verified; `approved` where people had to say so; `overridden` where they did not wait. */
  | {
      readonly state: "Open";
      readonly there: boolean;
      readonly approved: boolean;
      readonly overridden: readonly TimeGate[];
    }
  | { readonly state: "Shut"; readonly shut: readonly Shut[] }
  | { readonly state: "AskAgent" }
  | { readonly state: "Superseded" | "Refused"; readonly reason: string; readonly message: string };

/** Gates in the order in which people would want to hear of them. */
export function standingOf(situation: Situation, seen: SeenTarget, approvals: Approvals, times: TimeGates): Standing {
  const shut = driverGate(situation, seen) ?? checksGate(seen);
  if (shut !== undefined) return { state: "Shut", shut: [shut] };
  if (seen.agent.state === "NotAsked") return { state: "AskAgent" };
  if (seen.agent.state === "NotAnswered")
    return {
      state: "Shut",
      shut: [
        {
          gate: "reachable",
          message: `${nameOf(seen)} does not answer as it should: ${seen.agent.message}`.slice(0, 1024),
          who: `who runs ${nameOf(seen)}; it is asked again every few seconds`,
        },
      ],
    };
  const { spec } = situation.observed.deployment;
  const now = running(seen.target, seen.agent.status, spec.app);
  const same = now?.digest === digestOfUpdate(spec);
  const there = same && compareVersions(now.version, spec.version) === 0;
  const order = there ? undefined : orderGate(situation, seen, now, same);
  if (order !== undefined) return order;
  const taken = claimGate(situation, seen) ?? (there ? undefined : (turnGate(situation, seen) ?? licenceGate(seen)));
  if (taken !== undefined) return { state: "Shut", shut: [taken] };
  const busy = agentGate(seen, seen.agent.status, spec.app);
  if (busy !== undefined) return { state: "Shut", shut: [busy] };
  const approved = approvals.required > 0 && (!there || quarantineAt(situation.tier, situation.observed) !== undefined);
  const unapproved = approved ? (policiesGate(situation) ?? approvalsGate(situation, approvals)) : undefined;
  // Approvals may be given while the time has not come, and no override takes their place.
  const early = there ? [] : times.shutFor(seen);
  const waits = times.overrides.length > 0 ? [] : early;
  const all = unapproved === undefined ? waits : [unapproved, ...waits];
  if (all.length > 0) return { state: "Shut", shut: all };
  const overridden = TIME_GATES.filter((gate) => early.some((one) => one.gate === gate));
  return { state: "Open", there, approved, overridden };
}

const turnGate = (situation: Situation, { target }: SeenTarget): Shut | undefined =>
  isServer(target) ? queueGate(situation, target) : undefined;

function driverGate({ observed }: Situation, { target }: SeenTarget): Shut | undefined {
  const bad = misfit(target, observed.deployment.spec);
  return bad && { gate: "driver", message: bad.why, who: bad.who };
}

function checksGate({ target }: SeenTarget): Shut | undefined {
  const missing = notConfigured(target, jobCategories(target));
  if (missing.length === 0) return undefined;
  return {
    gate: "checks",
    message: `NoChecks: ${target.kind.toLowerCase()} ${target.metadata.name} requires ${missing.join(", ")} and does not configure it`,
    who: "who administers the namespace: complete spec.checks",
  };
}

const waitsForMerge = ({ target }: SeenTarget): boolean => {
  const way = wayTo(target);
  return way.by === "git" && way.git.pullRequest !== undefined;
};

/** An agent still at an order of an update that let go (it was deleted) will run something else than it says now. */
function agentGate(seen: SeenTarget, status: TargetReport, app: string): Shut | undefined {
  const taken = unfinishedOrder(status, app);
  if (taken === undefined) return undefined;
  return {
    gate: "agent",
    message: `the ${speakerOf(seen.target)} of ${nameOf(seen)} is still at order ${taken.key}`,
    who: waitsForMerge(seen)
      ? "whoever may merge there: merge or close the pull request of that order"
      : `nobody has to; ${nameOf(seen)} is asked again`,
  };
}

function orderGate(
  { observed }: Situation,
  seen: SeenTarget,
  runs: Running | undefined,
  same: boolean,
): Standing | undefined {
  const { spec } = observed.deployment;
  if (runs === undefined) return undefined;
  const { version } = runs;
  const misnamed = spec.layers === undefined ? undefined : misnamedLayer(runs, spec);
  if (same && misnamed === undefined)
    return {
      state: "Refused",
      reason: "VersionMismatch",
      message: `${nameOf(seen)} runs this very artifact as ${version}: an artifact has one version, and it is not ${spec.version}`,
    };
  if (!same && compareVersions(version, spec.version) > 0 && !spec.allowOlder)
    return {
      state: "Superseded",
      reason: "Superseded",
      message: `${nameOf(seen)} runs ${version}, which is newer than ${spec.version}`,
    };
  if (misnamed !== undefined)
    return {
      state: "Refused",
      reason: "VersionMismatch",
      message: `${nameOf(seen)} runs this very artifact of layer ${misnamed.layer} as ${misnamed.version}: an artifact has one version, so bring it with version: ${misnamed.version} in spec.layers`,
    };
  const reused = reusedVersion(seen, runs, spec);
  if (reused !== undefined)
    return {
      state: "Refused",
      reason: "VersionReused",
      message: `${nameOf(seen)} runs ${reused} already, with another artifact: a version is used once, push this under a new one`,
    };
  const layers = layersOf(spec).map(({ name }) => name);
  const left = runs.layers.find(({ layer }) => !layers.includes(layer));
  if (left === undefined) return undefined;
  return {
    state: "Refused",
    reason: "LayerMissing",
    message: `${nameOf(seen)} runs layer ${left.layer} of ${spec.app}, and this update brings ${layers.join(", ")}: no update takes a layer away, so bring one that has ${left.layer}, too, or use another spec.app`,
  };
}

/** A layer that did not change, under another version: where it does not run yet, the archive would be refused for it. */
const misnamedLayer = (runs: Running, spec: DeploymentSpec): LayerRelease | undefined =>
  runs.layers.find((there) =>
    layersOf(spec).some(
      ({ name, version, artifact }) =>
        there.layer === name && there.digest === digestOf(artifact) && compareVersions(there.version, version) !== 0,
    ),
  );

/** What runs there under a version of this update and is something else; half of an update that was held is not a whole one. */
function reusedVersion({ target }: SeenTarget, runs: Running, spec: DeploymentSpec): string | undefined {
  const layer = layersOf(spec).find(({ name, version, artifact }) =>
    runs.layers.some(
      (there) =>
        there.layer === name && compareVersions(there.version, version) === 0 && there.digest !== digestOf(artifact),
    ),
  );
  if (layer !== undefined) return spec.layers === undefined ? layer.version : `${layer.name} ${layer.version}`;
  const whole = appState(target, spec.app)?.digest === runs.digest;
  return whole && compareVersions(runs.version, spec.version) === 0 ? spec.version : undefined;
}

function claimGate({ observed, tier }: Situation, { target, holder }: SeenTarget): Shut | undefined {
  const { metadata, spec } = observed.deployment;
  const claim = appState(target, spec.app)?.claim;
  if (claim === undefined || claim.uid === metadata.uid) return undefined;
  const yields =
    holder === "Held" && (tier === "alpha" || tier === "public") && compareVersions(claim.version, spec.version) < 0;
  if (yields) return undefined;
  if (holder === "Held")
    return {
      gate: "claim",
      message: `${target.metadata.name} is taken by ${deploymentRef(claim.name)}, which is held there`,
      who: "whoever decides about that update: verify it again, or delete it, which stops it and undoes nothing",
      command: deleteCommand({ name: claim.name, namespace: metadata.namespace }),
    };
  return {
    gate: "claim",
    message: `${target.metadata.name} is taken by ${deploymentRef(claim.name)}`,
    who: `it opens when that update has passed there; see kubectl get ${deploymentRef(claim.name)} -n ${metadata.namespace}`,
  };
}

function licenceGate({ target, licence }: SeenTarget): Shut | undefined {
  if (target.kind === "Server" || licence?.valid === true) return undefined;
  const { namespace, name } = target.metadata;
  return {
    gate: "licence",
    message:
      `${licence?.reason ?? "LicenceMissing"}: mainframe ${name}: ${licence?.message ?? "it has no licence"}`.slice(
        0,
        1024,
      ),
    who: "who issues licences",
    command: `ashat licence issue --mainframe ${namespace}/${name} --holder <holder> --versions '<range>' --expires <date> --key <key file>`,
  };
}

function policiesGate({ observed }: Situation): Shut | undefined {
  const { policies } = observed;
  if (policies.state !== "NotInForce") return undefined;
  return {
    gate: "policies",
    message: `approvals cannot be trusted now: ${policies.message}`,
    who: "a cluster administrator",
  };
}

function approvalsGate({ observed, tier, token }: Situation, { ignored, missing }: Approvals): Shut | undefined {
  if (missing === 0) return undefined;
  const voided = voidedTokens(observed.deployment.status, tier, token);
  const because = new Set(
    ignored.map(({ action, why }) => {
      const by = voided.find((old) => old.token === action.token)?.by;
      return `the approval of ${action.by ?? "nobody known"} does not count: ${by === undefined ? why : `TokenMismatch: ${why}, because ${by} changed`}`;
    }),
  );
  return {
    gate: "approvals",
    message: [`${tier} waits for ${missing} more approval${missing === 1 ? "" : "s"}`, ...because].join("; "),
    who: `people who may approve ${tier}`,
    command: actionCommand(observed.deployment, { verb: "approve", tier, token: token.value }, observed.policies),
    token: token.value,
    needed: missing,
  };
}

/** A mainframe without a licence waits by itself and holds up nobody else. */
export const isBarred = (situation: Situation, seen: SeenTarget): boolean =>
  seen.target.kind === "Mainframe" &&
  seen.licence?.valid !== true &&
  situation.progress.tiers.mainframes.targets.get(seen.target.metadata.uid) === undefined;

export const nameOf = ({ target }: SeenTarget): string => `${target.kind.toLowerCase()} ${target.metadata.name}`;
