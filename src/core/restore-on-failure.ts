import { onFailureOf } from "../api/target.ts";
import { beginRestore, hasSequence } from "./begin-restore.ts";
import type { Part } from "./decision.ts";
import { namesOf } from "./names.ts";
import type { TargetProgress } from "./progress.ts";
import type { Begun } from "./rollback.ts";
import { appState, previousOf, runsThis, type Situation, targetsIn } from "./situation.ts";

/** Failures that are written down: by a check, or by the agent about what it switched to. Everything else is for a person. */
const WRITTEN: readonly string[] = ["VerificationFailed", "HookFailed", "HealthFailed"];

/** What failed is put back where the target says so; once an hour, because an update that fails in turns must not flap. */
export function restoreOnFailure(situation: Situation): Part {
  const { observed, now } = situation;
  const { app } = observed.deployment.spec;
  // What fails when it is delivered once more to a tier that had passed was not brought by this update for the first time.
  if (situation.progress.tiers[situation.tier].passedBy !== undefined) return {};
  const due = targetsIn(situation, "Held").filter((begun) => {
    const { target } = begun.seen;
    if (!WRITTEN.includes(begun.at.record.reason) || onFailureOf(target) !== "Restore") return false;
    // A claim above the sequence that failed is the one of this restore, whose record is still to be written.
    return hasSequence(situation, begun) || mayRestore(appState(target, app)?.restoredAt, now, observed.settings);
  });
  const unasked = due.filter(({ seen }) => seen.agent.state === "NotAsked");
  if (unasked.length > 0) return { look: { agents: unasked.map(({ seen }) => seen.target.metadata.uid) } };
  return restoreAll(
    situation,
    due.filter((begun) => isRestorable(situation, begun)),
  );
}

/** There is something of this update to take away, and something to put in its place; a silent agent may have both. */
function isRestorable(situation: Situation, { seen: { agent } }: Begun): boolean {
  if (agent.state !== "Answered") return true;
  const { app } = situation.observed.deployment.spec;
  return runsThis(situation, agent.status) && previousOf(agent.status, app) !== undefined;
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

const mayRestore = (last: string | undefined, now: number, { restoreEveryMs }: { readonly restoreEveryMs: number }) =>
  last === undefined || now - Date.parse(last) >= restoreEveryMs;
