import type { Deployment } from "../../src/api/deployment.ts";
import { LABEL } from "../../src/api/group.ts";
import type { Server } from "../../src/api/server.ts";
import { JOBS, PODS } from "../../src/controllers/kinds.ts";
import { jobName } from "../../src/core/job.ts";
import type { Client } from "../../src/kube/client.ts";
import type { KubeObject } from "../../src/kube/types.ts";

/** What a check says that passed, as its container would leave it. */
const PASSED = JSON.stringify({
  category: "Health Check",
  verdict: "Passed",
  message: "as expected",
  asserted: ["GET / answers 200"],
  measurements: {},
  startedAt: "2030-01-01T00:00:00.000Z",
  durationMs: 12,
});

const CONTAINER = {
  name: "check",
  image: "none",
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
};
const POD = {
  restartPolicy: "Never",
  // Nobody schedules it: what it says of itself is written by hand.
  schedulerName: "nobody",
  securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
  containers: [CONTAINER],
};

type Parts = { readonly metadata: { readonly uid: string; readonly name: string; readonly namespace: string } };

export const labelsOf = (update: Parts, target: Parts, attempt: number): Readonly<Record<string, string>> => ({
  [LABEL.managedBy]: "ashat",
  [LABEL.deployment]: update.metadata.name,
  [LABEL.deploymentUid]: update.metadata.uid,
  [LABEL.target]: target.metadata.uid,
  [LABEL.attempt]: String(attempt),
});

/** The name the operator will give to the Job of this attempt; it is no secret. */
export const nameOfJob = (update: Parts & { readonly spec: unknown }, target: Parts, attempt: number): string =>
  jobName(update as unknown as Deployment, target as unknown as Server, attempt);

/** A Job that says that everything passed, and the pod that says so. */
export async function forgeJob(
  client: Client,
  update: Parts,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<KubeObject> {
  const { namespace } = update.metadata;
  const job = await client.create(JOBS, {
    metadata: {
      name,
      namespace,
      labels,
      annotations: { "ashat.raos.io/seal": "0".repeat(64) },
      ownerReferences: [
        {
          apiVersion: "ashat.raos.io/v1alpha1",
          kind: "Deployment",
          name: update.metadata.name,
          uid: update.metadata.uid,
          controller: true,
        },
      ],
    },
    spec: {
      suspend: true,
      completionMode: "Indexed",
      completions: 1,
      parallelism: 1,
      template: { metadata: { labels }, spec: POD },
    },
  });
  await forgePod(client, `${name}-0`, job, labels, true);
  return job;
}

/** A pod that says that the check passed. `owned` says that the Job made it. */
export async function forgePod(
  client: Client,
  name: string,
  job: KubeObject,
  labels: Readonly<Record<string, string>>,
  owned: boolean,
): Promise<void> {
  const namespace = job.metadata.namespace ?? "";
  await client.create(PODS, {
    metadata: {
      name,
      namespace,
      labels: {
        ...labels,
        "batch.kubernetes.io/job-name": job.metadata.name,
        "batch.kubernetes.io/job-completion-index": "0",
      },
      ...(owned && {
        ownerReferences: [
          { apiVersion: "batch/v1", kind: "Job", name: job.metadata.name, uid: job.metadata.uid, controller: true },
        ],
      }),
    },
    spec: POD,
  });
  const terminated = { exitCode: 0, reason: "Completed", message: PASSED };
  const status = {
    phase: "Succeeded",
    containerStatuses: [
      { name: "check", image: "none", imageID: "", ready: false, restartCount: 0, state: { terminated } },
    ],
  };
  await client.mergePatch(PODS, { namespace, name }, { status }, { subresource: "status" });
}
