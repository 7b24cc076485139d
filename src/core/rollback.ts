import { type Action, actionsOf } from "../api/actions.ts";
import { deploymentRef, type Tier } from "../api/group.ts";
import { digestOfUpdate } from "../api/layer.ts";
import type { State } from "../api/states.ts";
import { actorOf, askedBy } from "./actor.ts";
import type { Effect } from "./decision.ts";
import type { Observed, SeenTarget } from "./observed.ts";
import type { Progress, TargetProgress } from "./progress.ts";
import { nextRecord, write } from "./record.ts";
import { appState } from "./situation.ts";
import { fold } from "./tiers.ts";
import { tokenOfRecorded } from "./token.ts";

/** A target that something was done at, or may have been. */
export interface Begun {
  readonly seen: SeenTarget;
  readonly at: TargetProgress;
}

export const RESTORE_FAILED = "RestoreFailed";

const TAKEN: readonly State[] = ["Delivering", "Verifying", "Held", "Passed"];

export const isTaken = ({ at }: Begun): boolean => TAKEN.includes(at.state) && !isFailedRestore(at);

export const isFailedRestore = ({ state, record }: TargetProgress): boolean =>
  state === "Held" && record.reason === RESTORE_FAILED;

/** What a rollback of a tier takes back, group after group: the mainframes, newest wave first, before the servers that feed them. */
export function groupsOf(tier: Tier, observed: Observed, progress: Progress): readonly (readonly Begun[])[] {
  const own = begunIn(tier, observed, progress);
  if (tier !== "mainframes" && tier !== "omega") return [own];
  const waves = Map.groupBy(
    begunIn("mainframes", observed, progress).filter((begun) => isElsewhere(observed, begun) === undefined),
    ({ seen: { target } }) => (target.kind === "Mainframe" ? target.spec.wave : 0),
  );
  const fleet = [...waves].sort(([a], [b]) => b - a).map(([, mainframes]) => mainframes);
  return tier === "omega" ? [...fleet, own] : fleet;
}

function begunIn(tier: Tier, { targets }: Observed, progress: Progress): readonly Begun[] {
  const moved = progress.tiers[tier].targets;
  return targets.flatMap((seen) => {
    const at = moved.get(seen.target.metadata.uid);
    return at === undefined ? [] : [{ seen, at }];
  });
}

/** What a target was given after this update: taking this one back there would take that one back with it. */
export function isElsewhere({ deployment }: Observed, { seen, at }: Begun): string | undefined {
  const { metadata, spec } = deployment;
  const app = appState(seen.target, spec.app);
  const { name } = seen.target.metadata;
  if (app?.claim !== undefined && app.claim.uid !== metadata.uid)
    return `${name} is taken by ${deploymentRef(app.claim.name)}: roll that back first`;
  if (app?.digest === undefined || app.digest === digestOfUpdate(spec)) return undefined;
  // Where it never passed, what is known there is from before it, unless another update passed since.
  const passedSince =
    at.state === "Held" &&
    at.record.reason !== RESTORE_FAILED &&
    app.deployment !== undefined &&
    (app.since ?? "") > at.record.time;
  if (at.state !== "Passed" && !passedSince) return undefined;
  const newer = app.deployment === undefined ? (app.version ?? "something else") : deploymentRef(app.deployment);
  return `${name} runs ${newer} since: roll that back first`;
}

type Verdict = { readonly from: State } | { readonly why: string };

/** Whether a tier can be rolled back now, and from which state of it. */
export function judgeRollback(tier: Tier, observed: Observed, progress: Progress): Verdict {
  const asked = progress.rollbacks.find((record) => record.tier === tier);
  if (asked !== undefined) return { why: `${tier} is rolled back already: ${asked.message}` };
  const groups = groupsOf(tier, observed, progress);
  const newer = (groups.at(-1) ?? []).flatMap((begun) => isElsewhere(observed, begun) ?? []);
  if (newer[0] !== undefined) return { why: newer.join("; ") };
  const taken = groups.flat().filter(isTaken);
  return taken.length === 0
    ? { why: `nothing that this update brought to ${tier} can be taken back` }
    : { from: fold(taken.map(({ at }) => at.state)) };
}

/** What a rollback of a tier names; nothing where the tier has not begun. */
export function rollbackToken(tier: Tier, observed: Observed, progress: Progress): string | undefined {
  const newest = progress.tiers[tier].tokens.at(-1);
  return newest && tokenOfRecorded(newest, observed.policies, takenSince(tier, observed, progress));
}

/** The sequences under which others took targets of the tier after this update: nothing while it had them to itself. */
const takenSince = (tier: Tier, observed: Observed, progress: Progress): readonly (readonly [string, number])[] =>
  begunIn(tier, observed, progress).flatMap(({ seen: { target }, at }) => {
    const { metadata, spec } = observed.deployment;
    const app = appState(target, spec.app);
    const own = app === undefined || app.sequence === at.sequence || app.claim?.uid === metadata.uid;
    return own ? [] : [[target.metadata.uid, app.sequence] as const];
  });

/** The whole token with which the tier of an action began, where the action names it. */
function namedBy({ tier, token }: Action, observed: Observed, progress: Progress): string | undefined {
  const since = takenSince(tier, observed, progress);
  return progress.tiers[tier].tokens.find((whole) => tokenOfRecorded(whole, observed.policies, since) === token);
}

export const namesTier = (observed: Observed, progress: Progress, action: Action): boolean =>
  namedBy(action, observed, progress) !== undefined;

/** The record that somebody asked: it stands before anything is restored, and from then on it does not matter what becomes of the annotation. */
export function askRollback(observed: Observed, progress: Progress, now: number): Effect | undefined {
  const { deployment, policies } = observed;
  for (const action of actionsOf(deployment.metadata.annotations)) {
    const by = action.verb === "rollback" ? askedBy(action, policies) : undefined;
    if (by === undefined || !namesTier(observed, progress, action)) continue;
    const { tier, reason } = action;
    const verdict = judgeRollback(tier, observed, progress);
    if ("why" in verdict) continue;
    const token = namedBy(action, observed, progress);
    return write(
      nextRecord(observed, now, {
        tier,
        from: verdict.from,
        to: "RollingBack",
        reason: "RollbackAsked",
        message: `${by} asked to roll ${tier} back${reason === "" ? "" : `: ${reason}`}`,
        ...(token && { token }),
        actor: actorOf([by], policies),
      }),
    );
  }
  return undefined;
}
