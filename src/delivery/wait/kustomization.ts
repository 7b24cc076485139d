import { at, conditionOf, listAt, numberAt, textAt, timeAt } from "../loose.ts";
import { type Awaited, isOurs, type Judgement, settled, short } from "./awaited.ts";

/** Where an object is, for sentences. */
export interface Named {
  readonly namespace: string;
  readonly name: string;
}

const SUCCEEDED = "ReconciliationSucceeded";

/** What a failure says about our revision; a source or a dependency that is not there says nothing about it. */
const OF_REVISION: readonly string[] = ["HealthCheckFailed", "ReconciliationFailed", "BuildFailed", "PruneFailed"];

/** The revisions that its judgement asks about. */
export const revisionsOfKustomization = (object: unknown): readonly string[] =>
  [
    textAt(object, "status", "lastAppliedRevision"),
    textAt(object, "status", "lastAppliedOriginRevision"),
    textAt(object, "status", "lastAttemptedRevision"),
    textAt(object, "status", "history", 0, "metadata", "revision"),
  ].filter((revision) => revision !== undefined);

/** Whether it has applied our revision, and whether it has at least begun to. */
export const progressOf = (object: unknown, awaited: Awaited) => ({
  applied:
    isOurs(awaited, textAt(object, "status", "lastAppliedRevision")) ||
    isOurs(awaited, textAt(object, "status", "lastAppliedOriginRevision")),
  attempted: isOurs(awaited, textAt(object, "status", "lastAttemptedRevision")),
});

/**
 * Since when it succeeds without a break. Ready goes through Unknown at every interval, so its own time says nothing; the history does: the
 * newest entry grows as long as it stays good, and whatever else was there ended at the latest with the newest of the others.
 */
const unbroken = (object: unknown, awaited: Awaited, ready: number): number => {
  const [newest, ...others] = listAt(object, "status", "history");
  const first = timeAt(newest, "firstReconciled");
  const isGood =
    textAt(newest, "lastReconciledStatus") === SUCCEEDED && isOurs(awaited, textAt(newest, "metadata", "revision"));
  if (first === undefined || !isGood) return ready;
  return Math.max(first, ...others.map((other) => timeAt(other, "lastReconciled") ?? ready));
};

/** How the last try at our revision failed: while it tries again, only the history still knows. */
const failedWith = (object: unknown, awaited: Awaited): string | undefined => {
  const newest = at(object, "status", "history", 0);
  const status = textAt(newest, "lastReconciledStatus");
  return status !== undefined && status !== SUCCEEDED && isOurs(awaited, textAt(newest, "metadata", "revision"))
    ? status
    : undefined;
};

/** A Kustomization of Flux: it has applied our revision or one that contains it, and has been ready with it for long enough. */
export const judgeKustomization = (
  object: unknown,
  { namespace, name }: Named,
  awaited: Awaited,
  now: number,
): Judgement => {
  const what = `Kustomization ${namespace}/${name}`;
  if (object === undefined)
    return {
      state: "NotThere",
      message: `${what} does not exist; whoever runs Flux there creates it, or spec.waitFor names the right one`,
    };
  if (at(object, "metadata", "deletionTimestamp") !== undefined)
    return { state: "NotThere", message: `${what} is being deleted, so it applies nothing any more` };
  const { applied, attempted } = progressOf(object, awaited);
  const last = textAt(object, "status", "lastAttemptedRevision");
  if (at(object, "spec", "suspend") === true)
    return {
      state: applied ? "Working" : "OldRevision",
      message: `${what} is suspended at ${short(last)}; whoever suspended it runs: flux resume kustomization ${name} -n ${namespace}`,
    };
  const generation = numberAt(object, "metadata", "generation");
  const ready = conditionOf(object, "Ready");
  const stalled = conditionOf(object, "Stalled");
  if (stalled?.status === "True" && stalled.of === generation)
    return { state: attempted ? "Unhealthy" : "OldRevision", message: `${what} is stalled: ${stalled.message}` };
  const failed = ready?.status === "False" ? ready.message : undefined;
  if (!attempted)
    return {
      state: "OldRevision",
      message: `${what} is at ${short(last)}, not at ${short(awaited.commit)}${failed === undefined ? "" : `: ${failed}`}`,
    };
  if (ready !== undefined && failed !== undefined && ready.of === generation)
    return {
      state: OF_REVISION.includes(ready.reason) ? "Unhealthy" : "Working",
      message: `${what} is not healthy at ${short(last)}: ${failed}`,
    };
  const tried = failedWith(object, awaited);
  if (tried !== undefined && ready?.status === "Unknown")
    return { state: "Unhealthy", message: `${what} failed at ${short(last)} (${tried}) and tries again`, untold: true };
  if (
    !applied ||
    ready?.status !== "True" ||
    ready.of !== generation ||
    numberAt(object, "status", "observedGeneration") !== generation
  ) {
    const doing = conditionOf(object, "Reconciling")?.message ?? ready?.message ?? "";
    return {
      state: "Working",
      message: `${what} is at work on ${short(last)}${doing === "" ? "" : `: ${doing}`}`,
    };
  }
  const checks = at(object, "spec", "wait") === true || listAt(object, "spec", "healthChecks").length > 0;
  const named = checks ? what : `${what} (which checks no health: set its spec.wait to true)`;
  return settled(named, unbroken(object, awaited, ready.since ?? now), awaited, now);
};
