import { describe, expect, test } from "vitest";
import { healthOf } from "./health.ts";

const T = "2026-11-21T08:00:00Z";
const condition = (type: string, status: string, more: object = {}) => ({
  type,
  status,
  reason: "",
  message: "",
  lastTransitionTime: T,
  ...more,
});
const rolled = [condition("Progressing", "True", { reason: "NewReplicaSetAvailable" }), condition("Available", "True")];
const all = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2, observedGeneration: 3 };
const apps = (kind: string, spec: object, status: object) => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { generation: 3 },
  spec,
  status,
});
const web = (status: object, spec: object = {}) =>
  apps("Deployment", { replicas: 2, progressDeadlineSeconds: 600, ...spec }, { ...all, conditions: rolled, ...status });
const core = (kind: string, status: object, spec: object = {}) => ({
  apiVersion: "v1",
  kind,
  metadata: {},
  spec,
  status,
});
const job = (conditions: readonly object[], spec: object = {}) => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: {},
  spec,
  status: { conditions },
});
const set = (status: object, spec: object = {}) =>
  apps(
    "StatefulSet",
    { replicas: 2, ...spec },
    { ...all, currentReplicas: 2, currentRevision: "a", updateRevision: "a", ...status },
  );
const crd = (conditions: readonly object[]) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {},
  status: { conditions },
});
const daemons = (status: object) =>
  apps(
    "DaemonSet",
    {},
    {
      observedGeneration: 3,
      desiredNumberScheduled: 2,
      currentNumberScheduled: 2,
      updatedNumberScheduled: 2,
      numberAvailable: 2,
      numberReady: 2,
      ...status,
    },
  );
const other = (status: object) => ({
  apiVersion: "example.org/v1",
  kind: "Thing",
  metadata: { generation: 3 },
  status,
});

describe("an object of a cluster is", () => {
  test.each([
    ["a Deployment that is rolled out", web({})],
    [
      "a Deployment of none",
      web({ replicas: 0, updatedReplicas: 0, readyReplicas: 0, availableReplicas: 0 }, { replicas: 0 }),
    ],
    ["a StatefulSet that is rolled out", set({})],
    ["a StatefulSet that people roll out", set({ readyReplicas: 0 }, { updateStrategy: { type: "OnDelete" } })],
    [
      "a StatefulSet that is rolled out as far as its partition",
      set(
        { currentRevision: "a", updateRevision: "b", updatedReplicas: 1 },
        { updateStrategy: { rollingUpdate: { partition: 1 } } },
      ),
    ],
    ["a DaemonSet on every node", daemons({})],
    ["a Job that is complete", job([condition("Complete", "True")])],
    ["a Job that is suspended", job([], { suspend: true })],
    ["a Pod that is ready", core("Pod", { phase: "Running", conditions: [condition("Ready", "True")] })],
    ["a Pod that has succeeded", core("Pod", { phase: "Succeeded" })],
    ["a claim that is bound", core("PersistentVolumeClaim", { phase: "Bound" })],
    ["a Service inside", core("Service", {})],
    [
      "a Service with a load balancer",
      core("Service", { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } }, { type: "LoadBalancer" }),
    ],
    ["a definition that is served", crd([condition("NamesAccepted", "True"), condition("Established", "True")])],
    ["a Namespace that is active", core("Namespace", { phase: "Active" })],
    ["a ConfigMap", core("ConfigMap", {})],
    ["one of another kind that is ready", other({ observedGeneration: 3, conditions: [condition("Ready", "True")] })],
    ["one of another kind that says nothing", other({})],
  ])("healthy: %s", (_, object) => expect(healthOf(object)).toMatchObject({ state: "Healthy" }));

  test.each([
    ["not there", undefined, /not there/],
    ["a Deployment that was not looked at", web({ observedGeneration: 2 }), /not looked at it/],
    ["a Deployment with old pods", web({ replicas: 3 }), /1 old pods/],
    ["a Deployment with pods that are not ready", web({ readyReplicas: 1 }), /ready 1 of 2/],
    ["a Deployment whose new pods are not made", web({ updatedReplicas: 0 }), /updated 0 of 2/],
    [
      "a Deployment on its way",
      web({
        conditions: [condition("Progressing", "True", { reason: "ReplicaSetUpdated" }), condition("Available", "True")],
      }),
      /not through/,
    ],
    ["a Deployment that is not available", web({ conditions: [rolled[0]] }), /not available/],
    [
      "a Deployment whose time is over",
      web({
        conditions: [condition("Progressing", "False", { reason: "ProgressDeadlineExceeded", message: "too slow" })],
      }),
      /too slow/,
    ],
    ["a StatefulSet of two revisions", set({ updateRevision: "b" }), /new revision/],
    [
      "a StatefulSet before its partition",
      set({ updateRevision: "b", updatedReplicas: 0 }, { updateStrategy: { rollingUpdate: { partition: 1 } } }),
      /updated 0 of 1/,
    ],
    ["a DaemonSet that nobody looked at", apps("DaemonSet", {}, {}), /not looked at/],
    ["a DaemonSet with an old pod", daemons({ updatedNumberScheduled: 1 }), /updated 1 of 2/],
    ["a Job that runs", job([]), /not complete/],
    ["a Job whose failing is not true yet", job([condition("Failed", "False")]), /not complete/],
    [
      "a Pod without an image",
      core("Pod", {
        phase: "Pending",
        containerStatuses: [{ name: "web", state: { waiting: { reason: "ErrImagePull" } } }],
      }),
      /web ErrImagePull/,
    ],
    [
      "a Pod without a node",
      core("Pod", { phase: "Pending", conditions: [condition("PodScheduled", "False", { message: "no nodes" })] }),
      /no nodes/,
    ],
    [
      "a Pod that crashes",
      core("Pod", {
        phase: "Running",
        conditions: [condition("Ready", "False")],
        containerStatuses: [{ name: "web", state: { waiting: { reason: "CrashLoopBackOff" } } }],
      }),
      /CrashLoopBackOff/,
    ],
    ["a claim that waits", core("PersistentVolumeClaim", { phase: "Pending" }), /Pending/],
    ["a Service that waits for its load balancer", core("Service", {}, { type: "LoadBalancer" }), /load balancer/],
    [
      "a definition that is not served",
      crd([condition("Established", "False", { reason: "Installing" })]),
      /not served/,
    ],
    ["one that is being deleted", { ...other({}), metadata: { deletionTimestamp: T } }, /being deleted/],
    [
      "one that reconciles",
      other({ conditions: [condition("Reconciling", "True", { message: "half way" }), condition("Ready", "True")] }),
      /half way/,
    ],
    ["one that is stalled", other({ conditions: [condition("Stalled", "True", { message: "stuck" })] }), /stuck/],
    ["one that is not ready", other({ conditions: [condition("Ready", "False", { message: "soon" })] }), /soon/],
    [
      "one whose controller is behind",
      other({ observedGeneration: 2, conditions: [condition("Ready", "True")] }),
      /not looked at it/,
    ],
  ] as const)("waited for: %s", (_, object, words) => {
    expect(healthOf(object)).toMatchObject({ state: "Working", message: expect.stringMatching(words) as string });
  });

  test.each([
    [
      "a Job that failed",
      job([condition("Failed", "True", { message: "BackoffLimitExceeded" })]),
      /BackoffLimitExceeded/,
    ],
    ["a Pod that failed", core("Pod", { phase: "Failed", reason: "Evicted" }), /Evicted/],
    ["a definition whose names are taken", crd([condition("NamesAccepted", "False", { message: "taken" })]), /taken/],
  ] as const)("lost: %s", (_, object, words) => {
    expect(healthOf(object)).toMatchObject({ state: "Failed", message: expect.stringMatching(words) as string });
  });

  test("healthy since it says so", () => expect(healthOf(web({}))).toEqual({ state: "Healthy", since: Date.parse(T) }));
});
