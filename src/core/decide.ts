import { digestOf } from "../api/artifact.ts";
import { AUTHOR_KEY } from "../api/actions.ts";
import { deploymentRef, type Tier } from "../api/group.ts";
import { verifyChain } from "../api/record.ts";
import type { Phase, State } from "../api/states.ts";
import { ignoredActions } from "./ignored.ts";
import { cleanup } from "./cleanup.ts";
import { completes } from "./completion.ts";
import type { Decision, Effect, Look, Part } from "./decision.ts";
import { delivering } from "./delivering.ts";
import { held } from "./held.ts";
import type { End } from "./moves.ts";
import type { Observed } from "./observed.ts";
import { namesOf } from "./names.ts";
import { type Progress, progressOf } from "./progress.ts";
import { BY_OPERATOR, nextRecord, recordTarget, write } from "./record.ts";
import { type Situation, stateOf, vanished } from "./situation.ts";
import { eventOf, type Say, statusOf } from "./status.ts";
import { currentTier, fold, targetsOf } from "./tiers.ts";
import { tokenOf } from "./token.ts";
import { unclaimed } from "./unclaimed.ts";
import { verifying } from "./verifying.ts";
import { waiting } from "./waiting.ts";

/**
 * The judgement on one update: what to look at, what to do, or what to say while it rests.
 * Pure; effects are returned only from a consistent read, and after each of them everything is decided anew.
 */
export function decide(observed: Observed, now: number): Decision {
  const broken = verifyChain(observed.records);
  const progress = progressOf(observed.records);
  const { metadata } = observed.deployment;
  if (broken.length > 0)
    return rest(observed, progress, now, {
      phase: "Held",
      message: `the records of this update do not prove themselves, so nothing more is done: ${broken.join("; ")}. Deleting ${deploymentRef(metadata.name)} ends it`,
      blockedBy: [],
    });
  if (metadata.deletionTimestamp !== undefined)
    return rest(observed, progress, now, { phase: "Waiting", message: "it is being deleted: nothing more is done, nothing is undone", blockedBy: [] });
  if (progress.head === undefined) return effects(observed, [write(creation(observed, now))]);

  const leftovers = cleanup(observed, progress);
  if (leftovers.length > 0) return effects(observed, leftovers);
  if (progress.end !== undefined)
    return rest(observed, progress, now, {
      phase: PHASE_OF_END[progress.end.state],
      ...(progress.end.record.tier && { tier: progress.end.record.tier }),
      message: progress.end.record.message,
      blockedBy: [],
    });

  const tier = currentTier(progress, observed.targets);
  if (tier === undefined) return rest(observed, progress, now, { phase: "Completed", message: completed(observed), blockedBy: [] });
  return under({ observed, now, progress, tier, token: tokenOf(tier, observed), targets: targetsOf(tier, observed.targets) });
}

const PHASE_OF_END = {
  Cancelled: "Cancelled",
  Superseded: "Superseded",
  Refused: "Refused",
  Deleted: "Cancelled",
} as const satisfies Record<End, Phase>;

function under(situation: Situation): Decision {
  const { observed, now, progress, tier } = situation;
  if (observed.policies.state === "NotAsked") return { kind: "look", look: { ...NOTHING, policies: true } };
  const reused = updateIdReused(situation);
  if (reused !== undefined) return effects(observed, [reused]);
  const parts: readonly Part[] = [lost(situation), unclaimed(situation), delivering(situation), verifying(situation), held(situation), waiting(situation), nothingLeft(situation)];
  const look = mergeLooks(parts);
  if (look !== undefined) return { kind: "look", look };
  const due = parts.find((part) => (part.effects ?? []).length > 0)?.effects;
  if (due !== undefined) return effects(observed, due);
  const blockedBy = parts.flatMap((part) => part.blockedBy ?? []);
  const wakeAt = parts.flatMap((part) => (part.wakeAt === undefined ? [] : [part.wakeAt]));
  const state = fold([...situation.targets.map((seen) => stateOf(situation, seen)), ...vanished(situation).map((at) => at.state)]);
  const phase = phaseOf(state, blockedBy.map(({ gate }) => gate));
  const note = ignoredActions(situation);
  return rest(
    observed,
    progress,
    now,
    { phase, tier, message: messageOf(situation, phase, blockedBy), blockedBy, ...(note && { note }) },
    wakeAt.length === 0 ? undefined : Math.min(...wakeAt),
  );
}

/** What cannot be undone needs a consistent read first, and an approval the policies as they are after it; the decision is then made again. */
function effects(observed: Observed, list: readonly Effect[]): Decision {
  const approved = list.some((effect) => effect.do === "record" && effect.record.approvals !== undefined);
  if (observed.live && (observed.proven || !approved)) return { kind: "act", effects: list };
  return { kind: "look", look: { ...NOTHING, live: true, policies: approved } };
}

function rest(observed: Observed, progress: Progress, now: number, say: Say, wakeAt?: number): Decision {
  const status = statusOf(observed, progress, say, now);
  const event = eventOf(observed.deployment.status, status);
  return { kind: "rest", status, ...(event && { event }), ...(wakeAt !== undefined && { wakeAt }) };
}

const NOTHING: Look = { live: false, policies: false, agents: [], orders: [] };

function mergeLooks(parts: readonly Part[]): Look | undefined {
  const looks = parts.flatMap((part) => (part.look ? [part.look] : []));
  if (looks.length === 0) return undefined;
  return {
    live: false,
    policies: looks.some((look) => look.policies === true),
    agents: [...new Set(looks.flatMap((look) => look.agents ?? []))],
    orders: looks.flatMap((look) => look.orders ?? []),
  };
}

function creation(observed: Observed, now: number) {
  const author = observed.deployment.metadata.annotations[AUTHOR_KEY];
  const { description, version, app } = observed.deployment.spec;
  return nextRecord(observed, now, {
    to: "Waiting",
    reason: "Created",
    message: `${app} ${version}: ${description}`,
    actor: author === undefined ? { name: "unknown", known: "Unknown" } : { name: author, known: "Admission" },
  });
}

/** An update id belongs to one artifact and version for ever: its records would speak of two things otherwise. */
function updateIdReused({ observed, now, progress, tier }: Situation): Effect | undefined {
  if (Object.values(progress.tiers).some(({ targets }) => targets.size > 0)) return undefined;
  const { metadata, spec } = observed.deployment;
  const digest = digestOf(spec.artifact);
  const other = observed.others.find(
    (record) => record.deployment.name === metadata.name && (record.version !== spec.version || record.artifacts[0]?.digest !== digest),
  );
  if (other === undefined) return undefined;
  return write(
    nextRecord(observed, now, {
      tier,
      from: "Waiting",
      to: "Refused",
      reason: "UpdateIdReused",
      message: `${deploymentRef(metadata.name)} was used for ${other.app} ${other.version} before: an update id is used once, push this under a new name`,
    }),
  );
}

/** A target that was deleted on the way can prove nothing any more. */
function lost(situation: Situation): Part {
  const { observed, now, tier } = situation;
  const all = vanished(situation);
  const gone = all.filter((at) => at.state === "Delivering" || at.state === "Verifying");
  const from = gone[0]?.state;
  if (from === undefined)
    return all.length === 0
      ? {}
      : {
          blockedBy: [
            {
              gate: "gone",
              message: `${namesOf(all.map((at) => ({ metadata: at })))} was deleted while the update was held there`,
              who: "the author of the update: push a corrected one under a new name",
            },
          ],
        };
  const same = gone.filter((at) => at.state === from);
  return {
    effects: [
      write(
        nextRecord(observed, now, {
          tier,
          from,
          to: "Held",
          reason: "TargetGone",
          message: `${namesOf(same.map((at) => ({ metadata: at })))} was deleted on the way. Nothing was restored`,
          targets: same.map((at) => recordTarget({ kind: at.kind, metadata: at }, { sequence: at.sequence })),
        }),
      ),
    ],
  };
}

/** A tier whose every target has passed, or that has none, passes by a record of its own. */
function nothingLeft(situation: Situation): Part {
  const { observed, now, tier, targets } = situation;
  if (tier !== "mainframes" && targets.length === 0) return {};
  if (!completes(situation, [])) return {};
  return {
    effects: [
      write(
        nextRecord(observed, now, {
          tier,
          from: "Waiting",
          to: "Passed",
          reason: targets.length === 0 ? "NoTargets" : "NothingLeft",
          message: targets.length === 0 ? "no mainframe is fed by an Omega server of this namespace" : "every target that is left has passed",
          completes: true,
          actor: BY_OPERATOR,
        }),
      ),
    ],
  };
}

function phaseOf(state: State, gates: readonly string[]): Phase {
  if (state === "Delivering" || state === "Verifying" || state === "Held") return state;
  return gates.length > 0 && gates.every((gate) => gate === "approvals") ? "AwaitingApproval" : "Waiting";
}

function messageOf({ observed, tier, targets }: Situation, phase: Phase, blockedBy: Say["blockedBy"]): string {
  const { spec } = observed.deployment;
  const where = `${nameTier(tier)} (${namesOf(targets.map(({ target }) => target))})`;
  if (phase === "Delivering") return `${spec.version} is being delivered to ${where}`;
  if (phase === "Verifying") return `${spec.version} is being verified on ${where}`;
  const first = blockedBy[0];
  if (first === undefined) return `${spec.version} is about to begin ${nameTier(tier)}`;
  return `${first.message}${first.command === undefined ? ` (${first.who})` : `: ${first.command}`}`;
}

const completed = ({ deployment }: Observed): string => `${deployment.spec.app} ${deployment.spec.version} passed every tier`;

const nameTier = (tier: Tier): string => (tier === "alpha" || tier === "omega" ? tier.toUpperCase() : tier === "public" ? "Public" : "the mainframes");
