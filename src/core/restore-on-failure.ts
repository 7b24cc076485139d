import { digestOf } from "../api/artifact.ts";
import { onFailureOf } from "../api/target.ts";
import { beginRestore, hasSequence } from "./begin-restore.ts";
import type { Part } from "./decision.ts";
import { LAYER_FAILED } from "./delivering.ts";
import { layersToPutBack } from "./layers.ts";
import { namesOf } from "./names.ts";
import type { Settings } from "./observed.ts";
import type { TargetProgress } from "./progress.ts";
import type { Begun } from "./rollback.ts";
import { appState, lastGood, type Situation, targetsIn } from "./situation.ts";

/** A cluster took some of the manifests and refused another one. */
const APPLY_FAILED = "ApplyFailed";

/** Failures that are written down: by a check, or by the agent about what it switched to. Everything else is for a person. */
const WRITTEN: readonly string[] = ["VerificationFailed", "HookFailed", "HealthFailed", APPLY_FAILED, LAYER_FAILED];

/** What failed is put back where the target says so; once an hour, because an update that fails in turns must not flap. */
export function restoreOnFailure(situation: Situation): Part {
  const { observed } = situation;
  const { app } = observed.deployment.spec;
  // What fails when it is delivered once more to a tier that had passed was not brought by this update for the first time.
  if (situation.progress.tiers[situation.tier].passedBy !== undefined) return {};
  const due = targetsIn(situation, "Held").filter((begun) => {
    const { target } = begun.seen;
    if (!WRITTEN.includes(begun.at.record.reason) || onFailureOf(target) !== "Restore") return false;
    if (!wasDelivered(situation, begun)) return false;
    // A claim above the sequence that failed is the one of this restore, whose record is still to be written.
    return hasSequence(situation, begun) || mayRestore(appState(target, app)?.restoredAt, begun.at, observed.settings);
  });
  const unasked = due.filter(({ seen }) => seen.agent.state === "NotAsked");
  if (unasked.length > 0) return { look: { agents: unasked.map(({ seen }) => seen.target.metadata.uid) } };
  return restoreAll(
    situation,
    due.filter((begun) => isRestorable(situation, begun)),
  );
}

/** What ran there already may have run well for long: that a check of a cluster built anew fails says little about it. */
const wasDelivered = ({ observed }: Situation, { at }: Begun): boolean =>
  observed.records.some(
    ({ to, targets }) => to === "Delivering" && targets?.some(({ uid }) => uid === at.uid) === true,
  );

/** There is something of this update to take away, and something to put in its place; a silent agent may have both. */
function isRestorable(situation: Situation, { seen: { agent, target }, at }: Begun): boolean {
  if (agent.state !== "Answered") return true;
  const { app } = situation.observed.deployment.spec;
  const { status } = agent;
  // What runs is what ran before, with half of this update over it: applied again, it is whole.
  if (at.record.reason === APPLY_FAILED) return status.apps.some((item) => item.app === app);
  const brought = layersToPutBack(situation, at).filter(({ name, artifact }) =>
    status.apps.some((item) => item.app === app && item.layer === name && item.digest === digestOf(artifact)),
  );
  return brought.length > 0 && brought.every(({ name }) => lastGood(situation, target, status, name) !== undefined);
}

function restoreAll(situation: Situation, due: readonly Begun[]): Part {
  if (due.length === 0) return {};
  return beginRestore(situation, due, {
    reason: "RestoreOnFailure",
    message: `${because(due)}, so ${namesOf(due.map(({ seen }) => seen.target))} is put back to what ran before`,
    byItself: true,
  });
}

const because = (due: readonly Begun[]): string =>
  [
    ...new Set(
      due.map(({ at }: { readonly at: TargetProgress }) => at.record.message.replace(/\. Nothing was restored$/, "")),
    ),
  ]
    .join("; ")
    .slice(0, 1500);

/** Judged by when it failed: what a person was left to decide is not restored under their hands when the hour is over. */
const mayRestore = (
  last: string | undefined,
  { record }: TargetProgress,
  { restoreEveryMs }: Pick<Settings, "restoreEveryMs">,
): boolean => last === undefined || Date.parse(record.time) - Date.parse(last) >= restoreEveryMs;
