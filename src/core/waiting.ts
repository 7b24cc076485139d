import { actionsOf } from "../api/actions.ts";
import { type Approvals, approvalsOf } from "./approvals.ts";
import { actionCommand } from "./commands.ts";
import type { Effect, Part, Shut } from "./decision.ts";
import { isBarred, type Standing, standingOf } from "./gates.ts";
import type { SeenTarget } from "./observed.ts";
import { namesOf } from "./names.ts";
import { MOVED_AT_ONCE, nextRecord, recordTarget, write } from "./record.ts";
import { appState, isClaimedBy, nextSequence, progressOfTarget, type Situation, stateOf, targetsIn, tierProgress } from "./situation.ts";
import { quarantineOf } from "./token.ts";
import { releaseOf } from "./cleanup.ts";
import { voidedTokens } from "./voided.ts";

interface Candidate {
  readonly seen: SeenTarget;
  readonly standing: Standing;
}

/** Targets that have not begun: what stops them, or their claim and then the record that lets them begin. */
export function waiting(situation: Situation): Part {
  const { observed, now, tier } = situation;
  const cancelled = cancel(situation);
  if (cancelled !== undefined) return cancelled;
  if (situation.targets.length === 0) return tier === "mainframes" ? {} : { blockedBy: [noServer(situation)] };

  const candidates = wave(situation).map((seen): Candidate => ({ seen, standing: standingOf(situation, seen) }));
  const unasked = candidates.filter(({ standing }) => standing.state === "AskAgent");
  if (unasked.length > 0) return { look: { agents: unasked.map(({ seen }) => seen.target.metadata.uid) } };
  const orders = candidates.flatMap(({ seen, standing }) => (standing.state === "AskOrder" ? [{ target: seen.target.metadata.uid, key: standing.key }] : []));
  if (orders.length > 0) return { look: { orders } };

  const end = candidates.map(({ standing }) => standing).find(({ state }) => state === "Superseded" || state === "Refused");
  if (end?.state === "Superseded" || end?.state === "Refused") {
    if (underWay(situation)) return {};
    return { effects: [write(nextRecord(observed, now, { tier, from: "Waiting", to: end.state, reason: end.reason, message: end.message }))] };
  }

  const open = candidates.flatMap(({ seen, standing }) => (standing.state === "Open" ? [{ seen, there: standing.there }] : []));
  const waived = quarantineOf(observed) === undefined && open.every(({ there }) => there);
  const approvals = approvalsOf(tier, situation.token.value, observed);
  const gated = open.length > 0 && !waived && approvals.required > 0;

  const shut = [
    ...candidates.flatMap(({ standing }) => (standing.state === "Shut" ? [standing.shut] : [])),
    ...(gated ? [...policiesGate(situation), ...approvalsGate(situation, approvals)] : []),
  ];
  const barredByTier = gated && (observed.policies.state !== "InForce" || approvals.missing > 0);
  const ready = (barredByTier ? open.filter(({ there }) => there && quarantineOf(observed) === undefined) : open).slice(0, MOVED_AT_ONCE);
  if (ready.length === 0) return { ...giveBack(situation), blockedBy: merge(shut), ...retry(situation, shut) };
  return { effects: begin(situation, ready, gated && !barredByTier ? approvals : undefined), blockedBy: merge(shut), ...retry(situation, shut) };
}

/** The end of an update lets go all it holds, so it waits for what is on its way to another target. */
const underWay = (situation: Situation): boolean => targetsIn(situation, "Delivering").length + targetsIn(situation, "Verifying").length > 0;

const waveOf = ({ target }: SeenTarget): number => (target.kind === "Mainframe" ? target.spec.wave : 1);

/** The waiting targets of the wave whose turn it is. Servers are one wave. */
function wave(situation: Situation): readonly SeenTarget[] {
  const open = situation.targets.filter((seen) => stateOf(situation, seen) !== "Passed" && !isBarred(situation, seen));
  const turn = Math.min(...open.map(waveOf), Number.POSITIVE_INFINITY);
  return situation.targets.filter((seen) => stateOf(situation, seen) === "Waiting" && waveOf(seen) <= turn);
}

/** Claims first; the record only when every claim stands; the delivery only when the record does. */
function begin(situation: Situation, ready: readonly { readonly seen: SeenTarget; readonly there: boolean }[], approvals: Approvals | undefined): readonly Effect[] {
  const { observed, now, tier, token } = situation;
  const { metadata, spec } = observed.deployment;
  const unclaimed = ready.filter(({ seen }) => !isClaimedBy(seen.target, spec.app, metadata.uid));
  if (unclaimed.length > 0) return unclaimed.flatMap(({ seen }) => claim(situation, seen));

  const deliver = ready.filter(({ there }) => !there);
  const targets = (list: typeof ready, attempt?: true) =>
    list.map(({ seen }) =>
      recordTarget(seen.target, {
        sequence: appState(seen.target, spec.app)?.sequence ?? 0,
        ...(attempt && { attempt: (progressOfTarget(situation, seen)?.attempt ?? 0) + 1 }),
      }),
    );
  const names = (list: typeof ready) => namesOf(list.map(({ seen }) => seen.target));
  const frozen = {
    tier,
    from: "Waiting",
    token: token.whole,
    ...(approvals && { approvals: approvals.standing, actor: approver(situation, approvals) }),
  } as const;
  if (deliver.length > 0)
    return [
      write(
        nextRecord(observed, now, {
          ...frozen,
          to: "Delivering",
          reason: approvals ? "Approved" : "GatesOpen",
          message: approvals
            ? `approved by ${approvals.standing.map(({ user }) => user).join(", ")}: ${spec.version} goes to ${names(deliver)}`
            : `${spec.version} goes to ${names(deliver)}`,
          targets: targets(deliver),
        }),
      ),
    ];
  return [
    write(
      nextRecord(observed, now, {
        ...frozen,
        to: "Verifying",
        reason: "AlreadyThere",
        message: `${names(ready)} already runs ${spec.version}: nothing is delivered, it is verified`,
        targets: targets(ready, true),
      }),
    ),
  ];
}

const approver = ({ observed }: Situation, { standing }: Approvals) =>
  ({
    name: standing.map(({ user }) => user).join(", ").slice(0, 253),
    known: observed.policies.state === "InForce" && observed.policies.stamps === "Client" ? "Client" : "Admission",
  }) as const;

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
        claim: { name: metadata.name, uid: metadata.uid, version: spec.version },
      },
    },
  ];
}

/** A claim whose gates shut again before the record was written would keep others out for nothing. */
function giveBack(situation: Situation): Part {
  const { metadata, spec } = situation.observed.deployment;
  const ours = situation.targets.filter((seen) => stateOf(situation, seen) === "Waiting" && isClaimedBy(seen.target, spec.app, metadata.uid));
  return ours.length === 0 ? {} : { effects: ours.map((seen) => releaseOf(seen, spec.app)) };
}

/** Cancelling is for a tier that nothing was delivered to; what was delivered is rolled back instead. */
function cancel(situation: Situation): Part | undefined {
  const { observed, now, tier, token } = situation;
  if (tierProgress(situation).targets.size > 0) return undefined;
  const asked = actionsOf(observed.deployment.metadata.annotations).find(
    (action) => action.verb === "cancel" && action.tier === tier && action.token === token.value && action.by !== undefined,
  );
  if (asked?.by === undefined) return undefined;
  return {
    effects: [
      write(
        nextRecord(observed, now, {
          tier,
          from: "Waiting",
          to: "Cancelled",
          reason: "CancelAsked",
          message: `${asked.by} cancelled it before anything was delivered to ${tier}${asked.reason === "" ? "" : `: ${asked.reason}`}`,
          token: token.whole,
          actor: { name: asked.by, known: observed.policies.state === "InForce" && observed.policies.stamps === "Client" ? "Client" : "Admission" },
        }),
      ),
    ],
  };
}

const noServer = ({ tier, observed }: Situation): Shut => ({
  gate: "references",
  message: `${tier === "public" ? "Public" : "OMEGA"} Server not configured: namespace ${observed.deployment.metadata.namespace} has no Server of tier ${tier === "public" ? "Public" : "Omega"}`,
  who: "who administers the namespace",
  command: `deploy configure ${tier} <url> <name>`,
});

function policiesGate({ observed }: Situation): readonly Shut[] {
  const { policies } = observed;
  if (policies.state !== "NotInForce") return [];
  return [{ gate: "policies", message: `approvals cannot be trusted now: ${policies.message}`.slice(0, 1024), who: "a cluster administrator" }];
}

function approvalsGate({ observed, tier, token }: Situation, approvals: Approvals): readonly Shut[] {
  if (approvals.missing === 0) return [];
  const { freeSlot, ignored, missing } = approvals;
  const voided = voidedTokens(observed.deployment.status, tier, token);
  const because = ignored.map(({ action, why }) => {
    const by = voided.find((old) => old.token === action.token)?.by;
    return `the approval of ${action.by ?? "nobody known"} does not count: ${by === undefined ? why : `TokenMismatch: ${why}, because ${by} changed`}`;
  });
  return [
    {
      gate: "approvals",
      message: [`${tier} waits for ${missing} more approval${missing === 1 ? "" : "s"}`, ...because].join("; ").slice(0, 1024),
      who: `people who may approve ${tier}`,
      command: actionCommand(observed.deployment, { verb: "approve", tier, slot: freeSlot, token: token.value }, observed.policies),
      token: token.value,
      needed: missing,
    },
  ];
}

/** One entry per gate: several targets shut by the same one are named together. */
function merge(shut: readonly Shut[]): readonly Shut[] {
  const gates = new Map<string, Shut>();
  for (const entry of shut) {
    const before = gates.get(entry.gate);
    gates.set(entry.gate, before === undefined ? entry : { ...before, message: `${before.message}; ${entry.message}`.slice(0, 1024) });
  }
  return [...gates.values()];
}

const REASKED: readonly string[] = ["reachable", "agent", "policies", "licence"];

/** What opens without an event of the cluster is asked again: an agent, policies, a licence whose time comes. */
function retry({ now, observed }: Situation, shut: readonly Shut[]): Pick<Part, "wakeAt"> {
  return shut.some(({ gate }) => REASKED.includes(gate)) ? { wakeAt: now + observed.settings.retryMs } : {};
}
