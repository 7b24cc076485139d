import { at, conditionOf, listAt, numberAt, textAt } from "../loose.ts";
import { type Awaited, isOurs, type Judgement, settled, short } from "./awaited.ts";
import { type Named, progressOf, revisionsOfKustomization } from "./kustomization.ts";

/** What a HelmRelease is made from: by these one knows which commit its spec or its chart is of. */
export interface HelmObjects {
  readonly release: unknown;
  /** The Kustomization that applies the HelmRelease, by its labels. */
  readonly kustomization?: unknown;
  /** The HelmChart that Flux makes for it, where it comes from a GitRepository. */
  readonly chart?: unknown;
}

const APPLIED_BY = "kustomize.toolkit.fluxcd.io";

/** The Kustomization that says of itself that it applies this object. */
export const appliedBy = (object: unknown): Named | undefined => {
  const name = textAt(object, "metadata", "labels", `${APPLIED_BY}/name`);
  const namespace = textAt(object, "metadata", "labels", `${APPLIED_BY}/namespace`);
  return name === undefined || namespace === undefined ? undefined : { namespace, name };
};

/** The HelmChart, where its source is a Git repository; charts of registries know no commits. */
export const gitChartOf = (release: unknown): Named | undefined => {
  if (textAt(release, "spec", "chart", "spec", "sourceRef", "kind") !== "GitRepository") return undefined;
  const [namespace, name] = (textAt(release, "status", "helmChart") ?? "").split("/");
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
};

export const revisionsOfHelm = ({ kustomization, chart }: HelmObjects): readonly string[] => [
  ...revisionsOfKustomization(kustomization),
  ...[textAt(chart, "status", "observedSourceArtifactRevision")].filter((revision) => revision !== undefined),
];

type Tied = { readonly state: "Here" | "Begun" } | { readonly state: "Old"; readonly message: string };

/** Whether what the HelmRelease says, and the chart it takes, are of our commit: each that can say so must. */
const tied = ({ release, kustomization, chart }: HelmObjects, what: string, awaited: Awaited): Tied => {
  const by = appliedBy(release);
  const chartAt = gitChartOf(release);
  if (by === undefined && textAt(release, "spec", "chart", "spec", "sourceRef", "kind") !== "GitRepository")
    return {
      state: "Old",
      message: `${what} does not say which commit it is of: let a Flux Kustomization apply it, or take its chart from the GitRepository`,
    };
  if (by === undefined || chartAt !== undefined) {
    const revision = textAt(chart, "status", "observedSourceArtifactRevision");
    const isBuilt =
      textAt(chart, "status", "artifact", "revision") === textAt(release, "status", "lastAttemptedRevision");
    if (!isOurs(awaited, revision))
      return {
        state: "Old",
        message: `the chart of ${what} is of ${short(revision)}, not of ${short(awaited.commit)}`,
      };
    if (!isBuilt) return { state: "Begun" };
  }
  if (by === undefined) return { state: "Here" };
  const { applied, attempted } = progressOf(kustomization, awaited);
  if (applied) return { state: "Here" };
  if (attempted) return { state: "Begun" };
  const revision = textAt(kustomization, "status", "lastAttemptedRevision");
  return {
    state: "Old",
    message: `Kustomization ${by.namespace}/${by.name}, which applies ${what}, is at ${short(revision)}, not at ${short(awaited.commit)}`,
  };
};

/**
 * A HelmRelease of Flux. It knows chart versions and no commits, so what is demanded is: whoever applies it has applied our commit (its
 * Kustomization, or the HelmChart built from our commit), it has attempted exactly its present generation, and the release that is deployed
 * has the chart and the digest of values of that attempt. Values from ConfigMaps and Secrets are no part of its generation: there it
 * must also have handled the request that carries our commit.
 */
export const judgeHelmRelease = (
  objects: HelmObjects,
  { namespace, name }: Named,
  awaited: Awaited,
  now: number,
): Judgement => {
  const what = `HelmRelease ${namespace}/${name}`;
  const { release } = objects;
  if (release === undefined)
    return {
      state: "NotThere",
      message: `${what} does not exist; whoever runs Flux there creates it, or spec.waitFor names the right one`,
    };
  if (at(release, "metadata", "deletionTimestamp") !== undefined)
    return { state: "NotThere", message: `${what} is being deleted, so it releases nothing any more` };
  const tie = tied(objects, what, awaited);
  if (at(release, "spec", "suspend") === true)
    return {
      state: tie.state === "Old" ? "OldRevision" : "Working",
      message: `${what} is suspended; whoever suspended it runs: flux resume helmrelease ${name} -n ${namespace}`,
    };
  if (tie.state === "Old") return { state: "OldRevision", message: tie.message };
  const generation = numberAt(release, "metadata", "generation");
  const of = (type: string) => {
    const condition = conditionOf(release, type);
    return condition?.of === generation ? condition : undefined;
  };
  const isAttempted =
    numberAt(release, "status", "lastAttemptedGeneration") === generation &&
    numberAt(release, "status", "observedGeneration") === generation;
  const ready = of("Ready");
  const remediated = of("Remediated");
  const trouble = [of("Stalled"), ...(isAttempted ? [remediated] : [])].find((one) => one?.status === "True");
  if (trouble !== undefined) {
    const put = trouble === remediated ? "failed and was put back by Flux" : "is stalled";
    return { state: "Unhealthy", message: `${what} ${put}: ${trouble.message}` };
  }
  const failed = [of("Released"), of("TestSuccess")].find((one) => one?.status === "False");
  if (isAttempted && failed !== undefined)
    return { state: "Unhealthy", message: `${what} is not healthy: ${failed.message}` };
  const working = (why: string): Judgement => ({ state: "Working", message: `${what} ${why}` });
  if (!isAttempted || ready?.status !== "True")
    return working(`is at work${ready === undefined || ready.message === "" ? "" : `: ${ready.message}`}`);
  const values = listAt(release, "spec", "valuesFrom").length > 0;
  if (values && textAt(release, "status", "lastHandledReconcileAt") !== awaited.commit)
    return working(
      `has not said yet that it read its valuesFrom again; it does when asked: flux reconcile helmrelease ${name} -n ${namespace}`,
    );
  const deployed = at(release, "status", "history", 0);
  if (
    textAt(deployed, "status") !== "deployed" ||
    textAt(deployed, "chartVersion") !== textAt(release, "status", "lastAttemptedRevision") ||
    textAt(deployed, "configDigest") !== textAt(release, "status", "lastAttemptedConfigDigest")
  )
    return working("has not deployed the chart and values of its last attempt yet");
  if (tie.state === "Begun") return working("is ready, but whoever applies it is not through with our commit yet");
  return settled(what, ready.since ?? now, awaited, now);
};
