import { EVIDENCE_FINALIZER, LABEL } from "../api/group.ts";
import type { SeenJob, SeenPod } from "../core/observed.ts";
import type { KubeObject } from "../kube/types.ts";
import type { Job, Pod } from "./kinds.ts";
import type { Seal } from "./seal.ts";

const INDEX_LABEL = "batch.kubernetes.io/job-completion-index";
const JOB_LABEL = "batch.kubernetes.io/job-name";

const isOwnedBy = ({ metadata }: KubeObject, uid: string): boolean =>
  (metadata.ownerReferences ?? []).some((owner) => owner.controller === true && owner.uid === uid);

/** A Job of an update is one that the operator made for it; everybody who may create Jobs can write its name and labels. */
export const isOurs = (job: Job, deploymentUid: string, seal: Seal): boolean =>
  isOwnedBy(job, deploymentUid) && seal.isOn(job);

/** Jobs of an update and the pods they control, in the words of the judgement. Only conditions with status True count. */
export function seeJobs(
  jobs: readonly Job[],
  pods: readonly Pod[],
  deploymentUid: string,
  seal: Seal,
): readonly SeenJob[] {
  return jobs.map((job) => {
    const { name, uid, labels = {}, finalizers = [], deletionTimestamp } = job.metadata;
    const over = job.status?.conditions?.find(
      (c) => c.status === "True" && (c.type === "Complete" || c.type === "Failed"),
    );
    return {
      name,
      targetUid: labels[LABEL.target] ?? "",
      attempt: Number(labels[LABEL.attempt] ?? 0),
      held: finalizers.includes(EVIDENCE_FINALIZER),
      deleting: deletionTimestamp !== undefined,
      ...(over && { finished: over.type === "Complete" ? ("Complete" as const) : ("Failed" as const) }),
      ...(over?.reason && { reason: over.reason }),
      ...(!isOurs(job, deploymentUid, seal) && { foreign: true as const }),
      pods: pods.filter((pod) => pod.metadata.labels?.[JOB_LABEL] === name && isOwnedBy(pod, uid)).map(seePod),
    };
  });
}

function seePod({ metadata, status }: Pod): SeenPod {
  const state = status?.containerStatuses?.find((container) => container.name === "check")?.state;
  const done = state?.terminated;
  return {
    index: Number(metadata.labels?.[INDEX_LABEL] ?? -1),
    phase: status?.phase ?? "Unknown",
    createdAt: metadata.creationTimestamp ?? "",
    ...(state?.waiting?.reason && { waiting: state.waiting.reason }),
    ...(status?.reason && { reason: status.reason }),
    ...(done && { terminated: { exitCode: done.exitCode, reason: done.reason ?? "", message: done.message ?? "" } }),
  };
}
