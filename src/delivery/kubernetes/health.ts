import { at, conditionOf, listAt, numberAt, textAt } from "../loose.ts";

/** What an object says of itself. `Failed` is final: waiting longer changes nothing. */
export type Health =
  | { readonly state: "Healthy"; /** Since when at the earliest, where it says so. */ readonly since?: number }
  | { readonly state: "Working" | "Failed"; readonly message: string };

const HEALTHY: Health = { state: "Healthy" };
const working = (message: string): Health => ({ state: "Working", message });
const failed = (message: string): Health => ({ state: "Failed", message });

const healthySince = (object: unknown, condition: string): Health => {
  const since = conditionOf(object, condition)?.since;
  return since === undefined ? HEALTHY : { state: "Healthy", since };
};

const trueCondition = (object: unknown, type: string) => conditionOf(object, type)?.status === "True";

/** The first of the counts that is too low, as `ready 1 of 3`. */
const short = (wanted: number, counts: Readonly<Record<string, number | undefined>>): Health | undefined => {
  const found = Object.entries(counts).find(([, count = 0]) => count < wanted);
  return found === undefined ? undefined : working(`${found[0]} ${found[1] ?? 0} of ${wanted}`);
};

const NEVER = 2_147_483_647;

const deployment = (object: unknown): Health => {
  const count = (name: string) => numberAt(object, "status", name) ?? 0;
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const progressing = conditionOf(object, "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded")
    return working(`its progress deadline is over: ${progressing.message}`);
  const isRolledOut =
    (numberAt(object, "spec", "progressDeadlineSeconds") ?? NEVER) === NEVER ||
    (progressing?.status === "True" && progressing.reason === "NewReplicaSetAvailable");
  if (count("replicas") > wanted) return working(`${count("replicas") - wanted} old pods are still there`);
  return (
    short(wanted, { made: count("replicas"), updated: count("updatedReplicas") }) ??
    short(wanted, { ready: count("readyReplicas"), available: count("availableReplicas") }) ??
    (isRolledOut ? undefined : working("its new pods are not through yet")) ??
    (trueCondition(object, "Available")
      ? healthySince(object, "Available")
      : working(`it is not available: ${conditionOf(object, "Available")?.message ?? "nothing said"}`))
  );
};

const statefulSet = (object: unknown): Health => {
  if (textAt(object, "spec", "updateStrategy", "type") === "OnDelete") return HEALTHY;
  const count = (name: string) => numberAt(object, "status", name) ?? 0;
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const partition = numberAt(object, "spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
  if (count("replicas") > wanted) return working(`${count("replicas") - wanted} pods too many are still there`);
  const lacking = short(wanted, { made: count("replicas"), ready: count("readyReplicas") });
  if (lacking !== undefined) return lacking;
  if (partition > 0) return short(Math.max(0, wanted - partition), { updated: count("updatedReplicas") }) ?? HEALTHY;
  const current = textAt(object, "status", "currentRevision");
  if (current !== textAt(object, "status", "updateRevision"))
    return working("its pods are not all of the new revision");
  return short(wanted, { current: count("currentReplicas") }) ?? HEALTHY;
};

const replicaSet = (object: unknown): Health => {
  const failure = conditionOf(object, "ReplicaFailure");
  if (failure?.status === "True") return working(failure.message);
  const count = (name: string) => numberAt(object, "status", name) ?? 0;
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  if (count("replicas") > wanted) return working(`${count("replicas") - wanted} pods too many are still there`);
  return short(wanted, { ready: count("readyReplicas"), available: count("availableReplicas") }) ?? HEALTHY;
};

const daemonSet = (object: unknown): Health => {
  const count = (name: string) => numberAt(object, "status", name);
  const wanted = count("desiredNumberScheduled");
  if (wanted === undefined || count("observedGeneration") === undefined) return working("it was not looked at yet");
  return (
    short(wanted, {
      scheduled: count("currentNumberScheduled"),
      updated: count("updatedNumberScheduled"),
      available: count("numberAvailable"),
      ready: count("numberReady"),
    }) ?? HEALTHY
  );
};

/** A Job that runs is not done: what comes after may need what it does. One that is suspended waits on purpose. */
const job = (object: unknown): Health => {
  const failure = conditionOf(object, "Failed");
  if (failure?.status === "True")
    return failed(`it failed: ${failure.message === "" ? failure.reason : failure.message}`);
  if (trueCondition(object, "Complete") || at(object, "spec", "suspend") === true) return HEALTHY;
  return working("it is not complete yet");
};

const pod = (object: unknown): Health => {
  switch (textAt(object, "status", "phase") ?? "") {
    case "Succeeded":
      return HEALTHY;
    case "Failed":
      return failed(
        `it failed: ${textAt(object, "status", "message") ?? textAt(object, "status", "reason") ?? "no reason given"}`,
      );
    case "Running":
      return trueCondition(object, "Ready")
        ? healthySince(object, "Ready")
        : working(`it is not ready${waitingFor(object)}`);
    default:
      return working(`it is not running yet${waitingFor(object)}`);
  }
};

const waitingFor = (object: unknown): string => {
  const reasons = listAt(object, "status", "containerStatuses").flatMap((status) => {
    const reason = textAt(status, "state", "waiting", "reason");
    return reason === undefined ? [] : [`${textAt(status, "name")} ${reason}`];
  });
  const scheduled = conditionOf(object, "PodScheduled");
  if (scheduled?.status === "False") reasons.push(scheduled.message);
  return reasons.length === 0 ? "" : `: ${reasons.join(", ")}`;
};

const claim = (object: unknown): Health =>
  textAt(object, "status", "phase") === "Bound"
    ? HEALTHY
    : working(`it is ${textAt(object, "status", "phase") ?? "not looked at"} and not Bound`);

const service = (object: unknown): Health =>
  textAt(object, "spec", "type") === "LoadBalancer" && listAt(object, "status", "loadBalancer", "ingress").length === 0
    ? working("it has no address of a load balancer yet")
    : HEALTHY;

const definition = (object: unknown): Health => {
  const names = conditionOf(object, "NamesAccepted");
  if (names?.status === "False") return failed(`its names were not accepted: ${names.message}`);
  return trueCondition(object, "Established") ? healthySince(object, "Established") : working("it is not served yet");
};

const namespace = (object: unknown): Health =>
  textAt(object, "status", "phase") === "Active" ? HEALTHY : working("it is not active");

const BY_KIND: Readonly<Record<string, (object: unknown) => Health>> = {
  "apps/Deployment": deployment,
  "apps/StatefulSet": statefulSet,
  "apps/DaemonSet": daemonSet,
  "apps/ReplicaSet": replicaSet,
  "batch/Job": job,
  "/Pod": pod,
  "/PersistentVolumeClaim": claim,
  "/Service": service,
  "/Namespace": namespace,
  "apiextensions.k8s.io/CustomResourceDefinition": definition,
};

/** What every controller may say of what it works on; undefined where it says nothing that decides. */
const general = (object: unknown): Health | undefined => {
  if (at(object, "metadata", "deletionTimestamp") !== undefined) return working("it is being deleted");
  const generation = numberAt(object, "metadata", "generation");
  const observed = numberAt(object, "status", "observedGeneration");
  if (generation !== undefined && observed !== undefined && observed !== generation)
    return working("its controller has not looked at it since it was changed");
  const reconciling = conditionOf(object, "Reconciling");
  if (reconciling?.status === "True") return working(reconciling.message);
  const stalled = conditionOf(object, "Stalled");
  return stalled?.status === "True" ? working(`it is stalled: ${stalled.message}`) : undefined;
};

/** A kind nobody here knows is healthy where it says Ready, or says nothing. */
const unknownKind = (object: unknown): Health => {
  const ready = conditionOf(object, "Ready");
  if (ready === undefined) return HEALTHY;
  return ready.status === "True"
    ? healthySince(object, "Ready")
    : working(ready.message === "" ? ready.reason : ready.message);
};

/** How an object of the cluster is, by the rules of kstatus but for Jobs; undefined is one that is not there. */
export const healthOf = (object: unknown): Health => {
  if (object === undefined) return working("it is not there");
  const apiVersion = textAt(object, "apiVersion") ?? "";
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  const of = BY_KIND[`${group}/${textAt(object, "kind") ?? ""}`];
  return general(object) ?? (of ?? unknownKind)(object);
};
