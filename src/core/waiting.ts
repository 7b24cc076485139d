import { actionsOf } from "../api/actions.ts";
import { API_VERSION } from "../api/group.ts";
import { actorOf, askedBy } from "./actor.ts";
import { type Approvals, approvalsOf } from "./approvals.ts";
import { releaseOf } from "./cleanup.ts";
import type { Effect, Part, Shut } from "./decision.ts";
import { isBarred, type Standing, standingOf } from "./gates.ts";
import { isThrough } from "./completion.ts";
import { missingLayers, namedLayers } from "./layers.ts";
import { namesOf } from "./names.ts";
import type { Rival, SeenTarget } from "./observed.ts";
import { overridden, overriddenNote, type Overriding } from "./overrides.ts";
import { overtakenBy, overtakenMessage } from "./queue.ts";
import { MOVED_AT_ONCE, nextRecord, recordTarget, write } from "./record.ts";
import {
  appState,
  isClaimedBy,
  nextSequence,
  progressOfTarget,
  type Situation,
  stateOf,
  targetsIn,
  tierProgress,
  vanished,
} from "./situation.ts";
import { timeGatesOf } from "./time-gates.ts";

interface Candidate {
  readonly seen: SeenTarget;
  readonly standing: Standing;
}

type Ready = Pick<Candidate, "seen"> & Extract<Standing, { state: "Open" }>;

/** Targets that have not begun: what stops them, or their claim and then the record that lets them begin. */
export function waiting(situation: Situation): Part {
  const { observed, tier, token } = situation;
  const cancelled = cancel(situation);
  if (cancelled !== undefined) return cancelled;
  if (situation.targets.length === 0) return tier === "mainframes" ? {} : { blockedBy: [noServer(situation)] };
  // What failed on one target spreads to no other before a person has decided.
  const goingBack = targetsIn(situation, "RollingBack").filter(({ seen }) => !isStanding(situation, seen));
  if ([...targetsIn(situation, "Held"), ...goingBack, ...vanished(situation)].length > 0) return giveBack(situation);

  const approvals = approvalsOf(tier, token.value, observed);
  const times = timeGatesOf(situation);
  const candidates = wave(situation).map((seen): Candidate => ({
    seen,
    standing: standingOf(situation, seen, approvals, times),
  }));
  const unasked = candidates.filter(({ standing }) => standing.state === "AskAgent");
  if (unasked.length > 0) return { look: { agents: unasked.map(({ seen }) => seen.target.metadata.uid) } };

  const end = candidates.find(({ standing }) => standing.state === "Superseded" || standing.state === "Refused");
  if (end !== undefined) return leaveOut(situation, end);

  if (
    approvals.missing > 0 &&
    isUntouched(situation) &&
    candidates.every(({ standing }) => standing.state === "Shut")
  ) {
    const newer = overtakenBy(situation);
    if (newer !== undefined) return giveWay(situation, newer);
  }

  const ready = candidates
    .flatMap(({ seen, standing }): Ready[] => (standing.state === "Open" ? [{ seen, ...standing }] : []))
    .slice(0, MOVED_AT_ONCE);
  const shut = candidates.flatMap(({ standing }) => (standing.state === "Shut" ? standing.shut : []));
  const due = wakeTimes(situation, shut);
  const rest: Part = {
    blockedBy: oneEntryPerGate(shut),
    ...(due.length > 0 && { wakeAt: Math.min(...due) }),
  };
  return ready.length === 0
    ? { ...giveBack(situation), ...rest }
    : { effects: begin(situation, ready, approvals, times.overrides), ...rest };
}

const isUntouched = (situation: Situation): boolean => tierProgress(situation).targets.size === 0;

/** What waits for approval while a newer one has come as far would only be delivered to be replaced. */
function giveWay({ observed, now, tier }: Situation, newer: Rival): Part {
  const reason = "SupersededByNewer";
  const message = overtakenMessage(newer, tier);
  return { effects: [write(nextRecord(observed, now, { tier, from: "Waiting", to: "Superseded", reason, message }))] };
}

/** When to look again without an event of the cluster: what is asked again, and what opens by itself. */
function wakeTimes({ observed, now }: Situation, shut: readonly Shut[]): readonly number[] {
  return [
    ...(shut.some(({ gate }) => REASKED.includes(gate)) ? [now + observed.settings.retryMs] : []),
    ...new Set(shut.flatMap(({ clearsAt }) => (clearsAt === undefined ? [] : [Date.parse(clearsAt)]))),
  ];
}

/** One mainframe that runs something else is left out and stops nobody; a server that does ends the update. */
function leaveOut(situation: Situation, { seen, standing }: Candidate): Part {
  const { observed, now, tier } = situation;
  if (standing.state !== "Superseded" && standing.state !== "Refused") return {};
  if (tier !== "mainframes" && underWay(situation)) return {};
  const { state: to, reason, message } = standing;
  const targets = tier === "mainframes" ? { targets: [recordTarget(seen.target)] } : {};
  return { effects: [write(nextRecord(observed, now, { tier, from: "Waiting", to, reason, message, ...targets }))] };
}

/** The end of an update lets go all it holds, so it waits for what is on its way to another target. */
const underWay = (situation: Situation): boolean =>
  targetsIn(situation, "Delivering").length + targetsIn(situation, "Verifying").length > 0;

const waveOf = ({ target }: SeenTarget): number => (target.kind === "Mainframe" ? target.spec.wave : 1);

/** The waiting targets of the wave whose turn it is. Servers are one wave. */
function wave(situation: Situation): readonly SeenTarget[] {
  const open = situation.targets.filter(
    (seen) => !isThrough(situation, seen) && !isBarred(situation, seen) && !isStanding(situation, seen),
  );
  const turn = Math.min(...open.map(waveOf), Number.POSITIVE_INFINITY);
  return situation.targets.filter((seen) => stateOf(situation, seen) === "Waiting" && waveOf(seen) <= turn);
}

/** A mainframe that keeps a standing order has had its time: the others wait no longer for it, only for the approval that knows of it. */
function isStanding(situation: Situation, seen: SeenTarget): boolean {
  const at = progressOfTarget(situation, seen);
  return (
    seen.target.kind === "Mainframe" &&
    at?.state === "RollingBack" &&
    situation.now >= Date.parse(at.record.time) + situation.observed.settings.holdBackMs
  );
}

/** Claims first; the record only when every claim stands; the delivery only when the record does. */
function begin(
  situation: Situation,
  ready: readonly Ready[],
  approvals: Approvals,
  overrides: readonly Overriding[],
): readonly Effect[] {
  const { observed, now, tier, token } = situation;
  const { metadata, spec } = observed.deployment;
  const unclaimed = ready.filter(({ seen }) => !isClaimedBy(seen.target, spec.app, metadata.uid));
  if (unclaimed.length > 0) return unclaimed.flatMap(({ seen }) => claim(situation, seen));

  const deliver = ready.filter(({ there }) => !there);
  const moving = deliver.length > 0 ? deliver : ready;
  const names = namesOf(moving.map(({ seen }) => seen.target));
  const people = approvals.standing.map(({ user }) => user);
  const approved = moving.some((one) => one.approved);
  const early = overridden(
    overrides,
    moving.flatMap((one) => one.overridden),
  );
  const actors = [...new Set([...(approved ? people : []), ...early.map(({ user }) => user)])];
  const by = approved ? `approved by ${people.join(", ")}: ` : "";
  const frozen = {
    tier,
    from: "Waiting",
    token: token.whole,
    ...(approved && { approvals: approvals.standing }),
    ...(early.length > 0 && { overrides: early }),
    ...(actors.length > 0 && { actor: actorOf(actors, observed.policies) }),
  } as const;
  const move =
    deliver.length > 0
      ? ({
          to: "Delivering",
          reason: approved ? "Approved" : early.length > 0 ? "Overridden" : "GatesOpen",
          message: `${by}${spec.version} goes to ${names}${overriddenNote(early)}`,
        } as const)
      : ({
          to: "Verifying",
          reason: "AlreadyThere",
          message: `${by}${names} already runs ${spec.version}: nothing is delivered, it is verified`,
        } as const);
  const targets = moving.map(({ seen }) =>
    recordTarget(seen.target, {
      sequence: appState(seen.target, spec.app)?.sequence ?? 0,
      ...(move.to === "Delivering" && namedLayers(situation, missingLayers(situation, seen))),
      ...(move.to === "Verifying" && { attempt: (progressOfTarget(situation, seen)?.attempt ?? 0) + 1 }),
    }),
  );
  return [write(nextRecord(observed, now, { ...frozen, ...move, targets }))];
}

function claim({ observed }: Situation, { target, agent }: SeenTarget): readonly Effect[] {
  if (agent.state !== "Answered") return [];
  const { metadata, spec } = observed.deployment;
  const before = appState(target, spec.app);
  return [
    {
      do: "claim",
      target,
      app: {
        ...before,
        app: spec.app,
        sequence: nextSequence(target, spec.app, agent.status),
        // It is taken from an update that is held there: should this one be let go, nobody knows what is right.
        ...(before?.claim !== undefined && before.claim.uid !== metadata.uid && { unsettled: before.claim.name }),
        claim: { name: metadata.name, uid: metadata.uid, version: spec.version },
      },
    },
  ];
}

/** A claim whose gates shut again before the record was written would keep others out for nothing. */
function giveBack(situation: Situation): Part {
  const { metadata, spec } = situation.observed.deployment;
  const ours = situation.targets.filter(
    (seen) => stateOf(situation, seen) === "Waiting" && isClaimedBy(seen.target, spec.app, metadata.uid),
  );
  return ours.length === 0 ? {} : { effects: ours.map((seen) => releaseOf(seen, spec.app)) };
}

/** Cancelling is for a tier that nothing was delivered to; what was delivered is rolled back instead. */
function cancel(situation: Situation): Part | undefined {
  const { observed, now, tier, token } = situation;
  if (tierProgress(situation).targets.size > 0) return undefined;
  const asked = actionsOf(observed.deployment.metadata.annotations).find(
    (action) =>
      action.verb === "cancel" && action.tier === tier && action.token === token.value && action.by !== undefined,
  );
  const by = askedBy(asked, observed.policies);
  if (asked === undefined || by === undefined) return undefined;
  const message = `${by} cancelled it before anything was delivered to ${tier}${asked.reason === "" ? "" : `: ${asked.reason}`}`;
  const actor = actorOf([by], observed.policies);
  const to = "Cancelled";
  return {
    effects: [
      write(
        nextRecord(observed, now, {
          tier,
          from: "Waiting",
          to,
          reason: "CancelAsked",
          message,
          token: token.whole,
          actor,
        }),
      ),
    ],
  };
}

const TIER_OF_SERVER = { alpha: "Alpha", public: "Public", omega: "Omega", mainframes: "Omega" } as const;

function noServer({ tier, observed }: Situation): Shut {
  const { namespace } = observed.deployment.metadata;
  const wanted = TIER_OF_SERVER[tier];
  const example = JSON.stringify({
    apiVersion: API_VERSION,
    kind: "Server",
    metadata: { name: "<name>", namespace },
    spec: { tier: wanted, url: "<url>" },
  });
  return {
    gate: "references",
    message: `${wanted === "Public" ? wanted : wanted.toUpperCase()} Server not configured: namespace ${namespace} has no Server of tier ${wanted}`,
    who: "who administers the namespace",
    command: `kubectl create -f - <<< '${example}'`,
  };
}

/** One entry per gate: several targets shut by the same one are named together. */
export function oneEntryPerGate(shut: readonly Shut[]): readonly Shut[] {
  const gates = new Map<string, Shut>();
  for (const entry of shut) {
    const before = gates.get(entry.gate);
    if (before?.message.includes(entry.message)) continue;
    gates.set(entry.gate, before === undefined ? entry : together(before, entry));
  }
  return [...gates.values()];
}

/** It has opened by itself when the last of them has. */
function together({ clearsAt: one, ...before }: Shut, { message, clearsAt: other }: Shut): Shut {
  const last = one !== undefined && other !== undefined ? { clearsAt: one > other ? one : other } : {};
  return { ...before, message: `${before.message}; ${message}`, ...last };
}

/** What opens without an event of the cluster is asked again: an agent, policies, a licence whose time comes. */
const REASKED: readonly string[] = ["reachable", "agent", "policies", "licence"];
