import { beforeAll, expect, test } from "vitest";
import { LABEL } from "../api/group.ts";
import { generateKeys, parseSigningKey } from "../licence/keys.ts";
import { seeJobs } from "./jobs.ts";
import type { Job, Pod } from "./kinds.ts";
import { createSeal, type Seal } from "./seal.ts";

let seal: Seal;
let again: Seal;
let stranger: Seal;
beforeAll(async () => {
  const { privateJwk } = await generateKeys();
  [seal, again, stranger] = await Promise.all([
    createSeal(await parseSigningKey(privateJwk)),
    createSeal(await parseSigningKey(privateJwk)),
    createSeal(await parseSigningKey((await generateKeys()).privateJwk)),
  ]);
});

const owner = (kind: string, uid: string, controller = true) => [
  { apiVersion: "v1", kind, name: "x", uid, controller },
];
const draft = (): Job => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: {
    name: "ashat-1",
    namespace: "ns",
    uid: "job-uid",
    resourceVersion: "1",
    labels: { [LABEL.deploymentUid]: "update", [LABEL.target]: "omega", [LABEL.attempt]: "1" },
    ownerReferences: owner("Deployment", "update"),
  },
  spec: {
    template: {
      spec: {
        containers: [{ name: "check", image: "ashat:1", args: ["check"], env: [{ name: "INPUT", value: "{}" }] }],
      },
    },
  },
});
const pod = (ownerUid: string, controller = true): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "p",
    uid: "p",
    resourceVersion: "1",
    labels: { "batch.kubernetes.io/job-name": "ashat-1", "batch.kubernetes.io/job-completion-index": "0" },
    ownerReferences: owner("Job", ownerUid, controller),
  },
});
const isForeign = (job: Job): boolean => seeJobs([job], [], "update", seal)[0]?.foreign === true;
const withMeta = (job: Job, metadata: Partial<Job["metadata"]>): Job => ({
  ...job,
  metadata: { ...job.metadata, ...metadata },
});
const withContainer = (job: Job, change: object): Job => {
  const [container] = job.spec.template?.spec?.containers ?? [];
  return { ...job, spec: { template: { spec: { containers: [{ name: "check", ...container, ...change }] } } } };
};

test("a Job that the operator made counts, also for a replica with the same key and after the API server filled in defaults", () => {
  expect(isForeign(seal.put(draft()))).toBe(false);
  expect(isForeign(again.put(draft()))).toBe(false);
  expect(isForeign(withContainer(seal.put(draft()), { imagePullPolicy: "IfNotPresent" }))).toBe(false);
});

test.each<[string, () => Job]>([
  ["has no seal", draft],
  ["has the seal of another key", () => stranger.put(draft())],
  ["asks with another image", () => withContainer(seal.put(draft()), { image: "evil:1" })],
  ["runs another command", () => withContainer(seal.put(draft()), { command: ["sh"] })],
  ["asks something else", () => withContainer(seal.put(draft()), { env: [{ name: "INPUT", value: '{"checks":{}}' }] })],
  [
    "has its environment from elsewhere",
    () => withContainer(seal.put(draft()), { envFrom: [{ secretRef: { name: "x" } }] }),
  ],
  ["is the copy of another one's", () => withMeta(seal.put(draft()), { name: "ashat-2" })],
  [
    "speaks of another target",
    () => withMeta(seal.put(draft()), { labels: { ...draft().metadata.labels, [LABEL.target]: "staging" } }),
  ],
  ["belongs to another update", () => withMeta(seal.put(draft()), { ownerReferences: owner("Deployment", "other") })],
  [
    "is not controlled by the update",
    () => withMeta(seal.put(draft()), { ownerReferences: owner("Deployment", "update", false) }),
  ],
])("nothing counts that a Job says which %s", (_situation, job) => {
  expect(isForeign(job())).toBe(true);
});

test("only pods that the Job itself controls speak for it, whatever their labels", () => {
  const pods = [pod("job-uid"), pod("other-uid"), pod("job-uid", false)];
  expect(seeJobs([seal.put(draft())], pods, "update", seal)[0]?.pods).toHaveLength(1);
});
