import { at, listAt, textAt, textsAt, timeAt } from "../loose.ts";
import { type Awaited, isOurs, type Judgement, settled, short } from "./awaited.ts";
import type { Named } from "./kustomization.ts";

const SHOWN = 3;

const revisionsAt = (value: unknown): readonly string[] => {
  const many = textsAt(value, "revisions");
  const one = textAt(value, "revision");
  return many.length > 0 ? many : one === undefined ? [] : [one];
};

export const revisionsOfApplication = (object: unknown): readonly string[] => [
  ...revisionsAt(at(object, "status", "sync")),
  ...revisionsAt(at(object, "status", "operationState", "syncResult")),
];

/** What of it is not healthy, or could not be synced: at most three, with what Argo CD says of each. */
const culprits = (object: unknown): string => {
  const sick = listAt(object, "status", "resources").flatMap((resource) => {
    const health = textAt(resource, "health", "status");
    if (health === undefined || health === "Healthy") return [];
    const message = textAt(resource, "health", "message");
    return [
      `${textAt(resource, "kind")}/${textAt(resource, "name")} is ${health}${message === undefined ? "" : ` (${message})`}`,
    ];
  });
  const unsynced = listAt(object, "status", "operationState", "syncResult", "resources").flatMap((resource) =>
    textAt(resource, "status") === "SyncFailed"
      ? [
          `${textAt(resource, "kind")}/${textAt(resource, "name")} could not be synced (${textAt(resource, "message") ?? "no reason given"})`,
        ]
      : [],
  );
  const errors = listAt(object, "status", "conditions").flatMap((condition) =>
    (textAt(condition, "type") ?? "").endsWith("Error") ? [textAt(condition, "message") ?? ""] : [],
  );
  const all = [...sick, ...unsynced, ...errors];
  const more = all.length > SHOWN ? `, and ${all.length - SHOWN} more` : "";
  return all.length === 0 ? "" : `: ${all.slice(0, SHOWN).join(", ")}${more}`.replace(/\s+/g, " ");
};

const isRunning = (phase: string | undefined): boolean => phase === "Running" || phase === "Terminating";

/** Whether the last sync was of everything; one of some resources, or a dry run, says nothing about the rest. */
const isWhole = (operation: unknown): boolean =>
  listAt(operation, "sync", "resources").length === 0 && at(operation, "sync", "dryRun") !== true;

/**
 * An Application of Argo CD. Its health is that of whatever ran when it was last looked at (argo-cd#29410), so it counts only where it was
 * looked at, with the latest Git, after the sync of our revision was over; or where that look found that nothing had to be synced.
 */
export const judgeApplication = (
  object: unknown,
  { namespace, name }: Named,
  awaited: Awaited,
  now: number,
): Judgement => {
  const what = `Application ${namespace}/${name}`;
  if (object === undefined)
    return {
      state: "NotThere",
      message: `${what} does not exist; whoever runs Argo CD there creates it, or spec.waitFor names the right one`,
    };
  if (at(object, "metadata", "deletionTimestamp") !== undefined)
    return { state: "NotThere", message: `${what} is being deleted, so it syncs nothing any more` };

  const ours = (of: unknown): boolean => revisionsAt(of).some((revision) => isOurs(awaited, revision));
  const sync = at(object, "status", "sync");
  const state = at(object, "status", "operationState");
  const phase = textAt(state, "phase");
  const synced = ours(at(state, "syncResult"));
  const isSynced = textAt(sync, "status") === "Synced";
  if (synced && (phase === "Failed" || phase === "Error"))
    return {
      state: "Unhealthy",
      message: `${what} could not be synced to ${short(awaited.commit)}: ${textAt(state, "message") ?? phase}${culprits(object)}`,
    };
  if (!ours(sync)) {
    const there = revisionsAt(sync).map(short).join(", ");
    return {
      state: "OldRevision",
      message: `${what} has seen ${there === "" ? "no revision" : there}, not ${short(awaited.commit)}${culprits(object)}`,
    };
  }
  if (isRunning(phase))
    return { state: "Working", message: `${what} is syncing: ${textAt(state, "message") ?? "no details given"}` };

  const finished = timeAt(state, "finishedAt");
  const covers = synced && phase === "Succeeded" && finished !== undefined && isWhole(at(state, "operation"));
  if (!covers && !isSynced) {
    const byHand = at(object, "spec", "syncPolicy", "automated") === undefined;
    return {
      state: byHand || !synced ? "OldRevision" : "Working",
      message: byHand
        ? `${what} has seen ${short(awaited.commit)} and is not synced by itself; whoever runs it does: argocd app sync ${name}`
        : `${what} has seen ${short(awaited.commit)} and has not synced it yet${culprits(object)}`,
    };
  }
  // Times have whole seconds, so the same second may be before or after.
  const looked = timeAt(object, "status", "reconciledAt") ?? 0;
  const over = Math.max(awaited.deliveredAt, finished ?? 0);
  if (looked <= over) return { state: "Working", message: `${what} was synced, and not looked at by Argo CD since` };
  const health = textAt(object, "status", "health", "status") ?? "Unknown";
  switch (health) {
    case "Healthy":
      return settled(
        what,
        Math.max(timeAt(object, "status", "health", "lastTransitionTime") ?? looked, covers ? over : 0),
        awaited,
        now,
      );
    case "Degraded":
    case "Missing":
      return { state: "Unhealthy", message: `${what} is ${health} at ${short(awaited.commit)}${culprits(object)}` };
    default:
      return { state: "Working", message: `${what} is ${health} at ${short(awaited.commit)}${culprits(object)}` };
  }
};
