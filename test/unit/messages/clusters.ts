import { addressesOf } from "../../../src/controllers/addresses.ts";
import { orUnasked } from "../../../src/controllers/unasked.ts";
import { createClusters } from "../../../src/delivery/kubernetes/clusters.ts";
import { healthOfAll } from "../../../src/delivery/kubernetes/health-of-all.ts";
import type { Ref } from "../../../src/delivery/kubernetes/ledger.ts";
import { readManifests, withoutDuplicates } from "../../../src/delivery/kubernetes/manifests.ts";
import { prepare } from "../../../src/delivery/kubernetes/prepare.ts";
import { READ_BOUNDS, readApart } from "../../../src/delivery/kubernetes/read-apart.ts";
import { answerTo, type KubernetesPlace } from "../../../src/delivery/kubernetes/session.ts";
import { createClient } from "../../../src/kube/client.ts";
import { ApiError } from "../../../src/kube/errors.ts";
import { tooLarge } from "../../../src/kube/transport.ts";
import { createCa } from "../../cluster/pki.ts";
import type { Told } from "./told.ts";

/** What is said of a cluster, its Secret, its manifests and its objects, before anything is asked there. */

const never = new AbortController().signal;
const { rules } = addressesOf([], []);

/** A cluster that nobody connects to: what is said here is said before. */
const nowhere = createClient(
  { server: "https://203.0.113.7:6443", tls: {}, authorization: () => Promise.resolve(undefined), namespace: "shop" },
  { fieldManager: "ashat", userAgent: "ashat-test" },
);

const secrets = async (...all: readonly Readonly<Record<string, string>>[]): Promise<readonly Told[]> => {
  const clusters = createClusters(nowhere, rules, { fieldManager: "ashat", userAgent: "ashat-test" });
  const told: Told[] = [];
  for (const secret of all) {
    const data = Object.fromEntries(
      Object.entries(secret).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
    );
    const metadata = { namespace: "shop", name: "elsewhere", uid: "uid", resourceVersion: "1" };
    const ask = () => clusters.of({ metadata, data });
    const said = await orUnasked(() => Promise.resolve().then(ask));
    // Where one waits in that cluster, and where one delivers to it.
    if ("reason" in said) told.push({ codes: [said.reason], text: said.message }, ...thrown(ask));
  }
  await clusters.close();
  return told;
};

const CONFIG = {
  "current-context": "a",
  contexts: [{ name: "a", context: { cluster: "c", user: "u" } }],
  clusters: [{ name: "c", cluster: { server: "https://203.0.113.7:6443" } }],
  users: [{ name: "u", user: { token: "t" } }],
};
const kubeconfig = (change: object): Readonly<Record<string, string>> => ({
  kubeconfig: JSON.stringify({ ...CONFIG, ...change }),
});
const user = (values: object) => kubeconfig({ users: [{ name: "u", user: values }] });
const cluster = (values: object) =>
  kubeconfig({ clusters: [{ name: "c", cluster: { server: "https://203.0.113.7", ...values } }] });
const SERVER = { server: "https://203.0.113.7:6443", token: "t" };

/** A refusal or trouble as the operator tells it. */
export const toldOf = (error: unknown, place: KubernetesPlace = PLACE): Told => {
  const answer = answerTo(error, place, never);
  return { codes: [answer.state === "Refused" ? answer.reason : answer.state], text: answer.message };
};
export const PLACE: KubernetesPlace = {
  target: { namespace: "shop", name: "staging", uid: "uid-1" },
  spec: { path: ".", healthySeconds: 30, timeoutSeconds: 600, serviceAccountName: "deployer" },
};

const thrown = (...attempts: readonly (() => unknown)[]): readonly Told[] =>
  attempts.flatMap((attempt) => {
    try {
      attempt();
      return [];
    } catch (error) {
      return [toldOf(error)];
    }
  });

const map = (name: string, more = ""): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${more}}\n`;
/** Reads each of these as the whole of an artifact. */
const artifacts = async (...all: readonly ReadonlyMap<string, string>[]): Promise<readonly Told[]> => {
  const told: Told[] = [];
  for (const files of all)
    await readManifests(files, "app", never).catch((error: unknown) => void told.push(toldOf(error)));
  return told;
};
const manifests = (...texts: readonly string[]): Promise<readonly Told[]> =>
  artifacts(...texts.map((text) => new Map([["app/a.yaml", text]])));
const X = (bytes: number): string => `# ${"x".repeat(bytes)}\n`;
const ALIASES = `x: &a [1,1,1,1,1,1,1,1,1]\n${Array.from("bcdefghi")
  .map((key, at) => `${key}: &${key} [${Array(9).fill(`*${"abcdefgh"[at]}`).join(",")}]`)
  .join("\n")}\n`;

const prepared = async (text: string, namespaced = true): Promise<readonly Told[]> => {
  const given = await readManifests(new Map([["app/a.yaml", text]]), "app", never);
  const kindsOf = (_version: string, kind: string) =>
    Promise.resolve(kind === "Nothing" ? undefined : { group: "", version: "v1", plural: "x", kind, namespaced });
  return prepare(given, { namespace: "shop", inventory: "shop/i", kindsOf }, never).then(
    () => [],
    (error: unknown) => [toldOf(error)],
  );
};

const ref = (apiVersion: string, kind: string): Ref => ({ apiVersion, kind, namespace: "shop", name: "web" });
/** What is waited for of objects that are like that, one at a time. */
const health = (
  rows: readonly (readonly [apiVersion: string, kind: string, live: object | undefined])[],
): readonly Told[] =>
  rows.map(([apiVersion, kind, live]) => {
    const object = live && { apiVersion, kind, metadata: { name: "web", uid: "uid" }, ...live };
    const { sick, failed } = healthOfAll(
      [ref(apiVersion, kind)],
      [object as Parameters<typeof healthOfAll>[1][number]],
    );
    return { codes: [failed ? "HealthFailed" : "Switching"], text: sick };
  });
const condition = (type: string, status: string, more: object = {}) => ({
  type,
  status,
  reason: "",
  message: "",
  lastTransitionTime: "2030-01-01T00:00:00Z",
  ...more,
});
const conditions = (...all: readonly object[]) => ({ status: { conditions: all } });
const ALL = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };
const TWO = { replicas: 2, progressDeadlineSeconds: 600 };

export const CLUSTERS: Readonly<Record<string, () => readonly Told[] | Promise<readonly Told[]>>> = {
  "a Secret of a cluster that lacks something": () =>
    secrets(
      {},
      { server: SERVER.server },
      kubeconfig({ "current-context": "other" }),
      kubeconfig({ contexts: [], "current-context": undefined }),
    ),
  "a Secret of a cluster that says too much": () =>
    secrets(
      { ...SERVER, kubeconfig: "{}" },
      kubeconfig({ "current-context": undefined, contexts: [...CONFIG.contexts, { name: "b", context: {} }] }),
      kubeconfig({ users: [...CONFIG.users, ...CONFIG.users] }),
      { ...SERVER, token: "x".repeat(300_000) },
    ),
  "a Secret of a cluster that cannot be read": async () => {
    const { certPem } = await createCa("elsewhere");
    const cert = Buffer.from(certPem).toString("base64");
    return secrets(
      { kubeconfig: "a: [" },
      { ...SERVER, "ca.crt": "x" },
      { ...SERVER, token: "two words" },
      user({ "client-certificate-data": "eA==" }),
      user({ "client-certificate-data": "eA==", "client-key-data": "eA==" }),
      user({ "client-certificate-data": cert, "client-key-data": "eA==" }),
      user({ token: "t", other: 1 }),
    );
  },
  "a Secret of a cluster by http": () =>
    secrets({ ...SERVER, server: "http://203.0.113.7" }, { ...SERVER, server: "x" }),
  "a kubeconfig that would reach into the operator": () =>
    secrets(user({ exec: { command: "id" } }), user({ tokenFile: "/x" }), cluster({ "certificate-authority": "/ca" })),
  "an API server that is another one": () => {
    const cause = Object.assign(new Error("unable to verify"), { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" });
    return [toldOf(new ApiError({ status: 0, reason: "Unreachable", message: "it cannot be reached", cause }))];
  },
  "a cluster that answers without end": () => [
    toldOf(tooLarge("GET /api/v1/secrets", "https://203.0.113.7", { maxBytes: 1, maxPages: 1 })),
  ],
  "an API server that does not know the token": () => [
    toldOf(new ApiError({ status: 401, reason: "Unauthorized", message: "Unauthorized" })),
  ],
  "an account that may not be acted as": () => [
    toldOf(
      new ApiError({ status: 403, reason: "Forbidden", message: 'cannot impersonate resource "serviceaccounts"' }),
    ),
  ],
  "an account that may not write down what it delivers": () => [
    toldOf(new ApiError({ status: 403, reason: "Forbidden", message: "secrets is forbidden" })),
  ],
  "an artifact without manifests": () => artifacts(new Map([["b/a.yaml", map("a")]])),
  "an artifact for kustomize": () => artifacts(new Map([["app/kustomization.yaml", "resources: []"]])),
  "manifests that cannot be read": () =>
    manifests(
      "a: [",
      `${map("a")}data: {on: yes}\n`,
      `${map("a")}value: 12345678901234567890\n`,
      ALIASES,
      "just: words\n",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n",
      map("a", ', namespace: "../x"'),
      map("a", ", annotations: {a: 1}"),
    ),
  "manifests that do not belong into an artifact": async () => [
    ...(await manifests(
      "apiVersion: ashat.raos.io/v1alpha1\nkind: Server\nmetadata: {name: x}\n",
      map("a", ", managedFields: []"),
    )),
    ...(await prepared("apiVersion: v1\nkind: Secret\ntype: ashat.raos.io/release\nmetadata: {name: a}\n")),
    ...(await prepared(map("a", ", namespace: shop"), false)),
    ...(await readManifests(new Map([["a.yaml", `${map("a")}---\n${map("a")}`]]), ".", never).then((both) =>
      thrown(() => withoutDuplicates(both)),
    )),
  ],
  "manifests of too many objects": () =>
    manifests(Array.from({ length: 1001 }, (_, at) => map(`a-${at}`)).join("---\n")),
  "manifests that are too large": async () => [
    ...(await manifests(
      `x: [${"1,".repeat(200_000)}1]\n`,
      X(1024 * 1024),
      `x: &a ${X(900_000).slice(2)}z: [*a,*a,*a,*a]\n`,
    )),
    ...(await readApart([["a.yaml", "a: 1"]], never, { ...READ_BOUNDS, tokens: { file: 9, all: 1 } }).then(
      () => [],
      (error: unknown) => [toldOf(error)],
    )),
    ...(await artifacts(new Map(Array.from({ length: 9 }, (_, at) => [`app/${at}.yaml`, X(1_000_000)])))),
    ...(await readApart([["a.yaml", "a: 1"]], never, { ...READ_BOUNDS, deadlineMs: 0 }).then(
      () => [],
      (error: unknown) => [toldOf(error)],
    )),
  ],
  "manifests of a kind that is not served": () =>
    prepared("apiVersion: no.example/v1\nkind: Nothing\nmetadata: {name: x}\n"),
  "objects that are on their way": () =>
    health([
      ["v1", "ConfigMap", undefined],
      ["v1", "ConfigMap", { metadata: { name: "web", deletionTimestamp: "2030-01-01T00:00:00Z" } }],
      ["example.org/v1", "Thing", { metadata: { generation: 2 }, status: { observedGeneration: 1 } }],
      ["apps/v1", "Deployment", { spec: TWO, status: { ...ALL, readyReplicas: 1 } }],
      ["apps/v1", "Deployment", { spec: TWO, status: { ...ALL, replicas: 3 } }],
      ["apps/v1", "Deployment", { spec: TWO, status: ALL }],
      ["apps/v1", "StatefulSet", { spec: { replicas: 1 }, status: { replicas: 2 } }],
      [
        "apps/v1",
        "StatefulSet",
        { spec: { replicas: 2 }, status: { ...ALL, currentRevision: "a", updateRevision: "b" } },
      ],
      ["apps/v1", "ReplicaSet", { spec: { replicas: 1 }, status: { replicas: 2 } }],
      ["apps/v1", "DaemonSet", {}],
      ["batch/v1", "Job", {}],
      ["v1", "Pod", { status: { phase: "Pending" } }],
      ["v1", "Pod", { status: { phase: "Running" } }],
      ["v1", "PersistentVolumeClaim", { status: { phase: "Pending" } }],
      ["v1", "Service", { spec: { type: "LoadBalancer" } }],
      ["apiextensions.k8s.io/v1", "CustomResourceDefinition", {}],
      ["v1", "Namespace", { status: { phase: "Terminating" } }],
    ]),
  "objects that say what is wrong": () =>
    health([
      [
        "apps/v1",
        "Deployment",
        conditions(condition("Progressing", "False", { reason: "ProgressDeadlineExceeded", message: "timed out" })),
      ],
      [
        "apps/v1",
        "Deployment",
        {
          spec: { replicas: 2 },
          status: { ...ALL, conditions: [condition("Available", "False", { message: "too few" })] },
        },
      ],
      [
        "v1",
        "Pod",
        {
          status: {
            phase: "Pending",
            containerStatuses: [{ name: "web", state: { waiting: { reason: "ImagePullBackOff" } } }],
          },
        },
      ],
      ["example.org/v1", "Thing", conditions(condition("Stalled", "True", { message: "invalid" }))],
    ]),
  "objects that have failed": () =>
    health([
      ["batch/v1", "Job", conditions(condition("Failed", "True", { reason: "BackoffLimitExceeded" }))],
      ["v1", "Pod", { status: { phase: "Failed", reason: "Evicted" } }],
      [
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        conditions(condition("NamesAccepted", "False", { message: "in use" })),
      ],
    ]),
};
