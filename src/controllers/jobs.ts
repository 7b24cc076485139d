import { EVIDENCE_FINALIZER, LABEL } from "../api/group.ts";
import type { SeenJob, SeenPod } from "../core/observed.ts";
import type { Job, Pod } from "./kinds.ts";

const INDEX_LABEL = "batch.kubernetes.io/job-completion-index";
const JOB_LABEL = "batch.kubernetes.io/job-name";

/** Jobs and their pods in the words of the judgement. Only conditions with status True count. */
export function seeJobs(jobs: readonly Job[], pods: readonly Pod[]): readonly SeenJob[] {
  return jobs.map((job) => {
    const { name, labels = {}, finalizers = [], deletionTimestamp } = job.metadata;
    const over = job.status?.conditions?.find((c) => c.status === "True" && (c.type === "Complete" || c.type === "Failed"));
    return {
      name,
      targetUid: labels[LABEL.target] ?? "",
      attempt: Number(labels[LABEL.attempt] ?? 0),
      held: finalizers.includes(EVIDENCE_FINALIZER),
      deleting: deletionTimestamp !== undefined,
      ...(over && { finished: over.type === "Complete" ? ("Complete" as const) : ("Failed" as const) }),
      ...(over?.reason && { reason: over.reason }),
      pods: pods.filter((pod) => pod.metadata.labels?.[JOB_LABEL] === name).map(seePod),
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
