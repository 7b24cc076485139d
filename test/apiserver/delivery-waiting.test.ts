import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WaitFor } from "../../src/api/wait-for.ts";
import { lookAt, type WaitPlace } from "../../src/delivery/wait/look.ts";
import { APPLICATIONS, GIT_REPOSITORIES, HELM_RELEASES, KUSTOMIZATIONS } from "../../src/delivery/wait/kinds.ts";
import { type Client, createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import type { Resource } from "../../src/kube/types.ts";
import { installKinds } from "../cluster/foreign-kinds.ts";
import { account, type Person, person } from "../cluster/person.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";

const cluster = sharedCluster();
const heard = new Map<string, string>();
const OURS = "a".repeat(40);
const OLD = "b".repeat(40);
let root: Person;
beforeAll(async () => {
  await installKinds(cluster, "kustomize", "source", "helm", "argocd");
  root = await person(cluster, "root", ["system:masters"]);
}, 300_000);
afterAll(async () => {
  await root.client.close();
});

const RESOURCES =
  "--resource=kustomizations.kustomize.toolkit.fluxcd.io,helmreleases.helm.toolkit.fluxcd.io,gitrepositories.source.toolkit.fluxcd.io,helmcharts.source.toolkit.fluxcd.io,applications.argoproj.io";

const stage = async (waitIn: (namespace: string) => object, rights = "get,patch") => {
  const namespace = await newNamespace(cluster, "wait");
  await cluster.kubectl(["create", "serviceaccount", "operator", "-n", namespace]);
  const operator = await account(cluster, namespace, "operator");
  await root.does("create", "role", "waits", "-n", namespace, `--verb=${rights}`, RESOURCES);
  await root.does(
    "create",
    "rolebinding",
    "waits",
    "-n",
    namespace,
    "--role=waits",
    `--serviceaccount=${namespace}:operator`,
  );
  const place: WaitPlace = {
    wait: WaitFor.parse({ healthySeconds: 0, ...waitIn(namespace) }),
    namespace,
    app: "web",
    layer: "main",
  };
  const deliveredAt = Date.now() - 60_000;
  const time = (seconds: number): string =>
    new Date(deliveredAt + seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
  return {
    namespace,
    time,
    place,
    look: (client: Client = operator.client) =>
      lookAt(
        client,
        place,
        { commit: OURS, deliveredAt, contains: () => Promise.resolve(false) },
        heard,
        Date.now(),
        new AbortController().signal,
      ),
    create: (resource: Resource, name: string, spec: object, more: object = {}) =>
      root.client.create(resource, { metadata: { namespace, name, ...more }, spec }),
    /** Writes the status as the controller would, which does not run here. */
    says: async (resource: Resource, name: string, status: object) => {
      const { metadata } = await root.client.get(resource, { namespace, name });
      return root.client.replaceStatus(resource, { metadata }, status);
    },
    /** Where a kind keeps its status beside its spec. */
    merges: (resource: Resource, name: string, patch: object) =>
      root.client.mergePatch(resource, { namespace, name }, patch),
    annotations: async (resource: Resource, name: string) =>
      (await root.client.get(resource, { namespace, name })).metadata.annotations ?? {},
  };
};

const condition = (type: string, status: string, time: string, generation: number, message = "") => ({
  type,
  status,
  reason: "Said",
  message,
  lastTransitionTime: time,
  observedGeneration: generation,
});

const labels = (namespace: string) => ({
  labels: { "kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": namespace },
});

test("a Kustomization begins by itself when its source has our commit, and is asked only where it did not", async () => {
  const { look, create, says, annotations } = await stage(() => ({ kustomization: { name: "apps" } }));
  await create(GIT_REPOSITORIES, "apps", { interval: "1h", url: "https://git.example/deploy" });
  await create(KUSTOMIZATIONS, "apps", {
    interval: "1h",
    prune: true,
    sourceRef: { kind: "GitRepository", name: "apps" },
  });
  const fetched = (agoMs: number, revision: string) =>
    says(GIT_REPOSITORIES, "apps", {
      artifact: {
        revision: `main@sha1:${revision}`,
        digest: `sha256:${"c".repeat(64)}`,
        path: "apps.tar.gz",
        url: "https://source.example/apps.tar.gz",
        lastUpdateTime: new Date(Date.now() - agoMs).toISOString().replace(/\.\d+Z$/, "Z"),
      },
    });
  const asked = async (resource: Resource) => (await annotations(resource, "apps"))["reconcile.fluxcd.io/requestedAt"];
  await fetched(3_600_000, OLD);
  expect(await look()).toMatchObject({ state: "OldRevision" });
  expect([await asked(GIT_REPOSITORIES), await asked(KUSTOMIZATIONS)]).toEqual([OURS, undefined]);
  await fetched(0, OURS);
  await look();
  expect(await asked(KUSTOMIZATIONS)).toBeUndefined();
  await fetched(60_000, OURS);
  await look();
  expect(await asked(KUSTOMIZATIONS)).toBe(OURS);
});

describe("a HelmRelease, by its real definition and with written status (helm-controller does not run)", () => {
  const release = {
    interval: "1h",
    chart: { spec: { chart: "web", sourceRef: { kind: "HelmRepository", name: "charts" } } },
  };
  const applies = { interval: "1h", prune: true, sourceRef: { kind: "GitRepository", name: "apps" } };

  test("is waited for until who applies it has our commit and the release is deployed, and is asked to look once", async () => {
    const { namespace, look, create, says, time, annotations } = await stage(() => ({
      helmRelease: { name: "{app}" },
    }));
    expect(await look()).toMatchObject({ state: "NotThere" });
    await create(
      HELM_RELEASES,
      "web",
      { ...release, valuesFrom: [{ kind: "ConfigMap", name: "values" }] },
      labels(namespace),
    );
    await create(KUSTOMIZATIONS, "apps", applies);
    await says(KUSTOMIZATIONS, "apps", {
      observedGeneration: 1,
      lastAppliedRevision: `main@sha1:${OLD}`,
      lastAttemptedRevision: `main@sha1:${OLD}`,
    });
    expect(await look()).toMatchObject({
      state: "OldRevision",
      message: expect.stringContaining("which applies HelmRelease") as string,
    });

    await says(KUSTOMIZATIONS, "apps", {
      observedGeneration: 1,
      lastAppliedRevision: `main@sha1:${OURS}`,
      lastAttemptedRevision: `main@sha1:${OURS}`,
    });
    const snapshot = {
      digest: "sha256:r",
      name: "web",
      namespace,
      version: 1,
      status: "deployed",
      chartName: "web",
      chartVersion: "6.5.0",
      configDigest: "sha256:x",
      firstDeployed: time(5),
      lastDeployed: time(5),
    };
    const ready = {
      observedGeneration: 1,
      lastAttemptedGeneration: 1,
      lastAttemptedRevision: "6.5.0",
      lastAttemptedConfigDigest: "sha256:x",
      history: [snapshot],
      conditions: [condition("Ready", "True", time(6), 1), condition("Released", "True", time(6), 1)],
    };
    await says(HELM_RELEASES, "web", ready);
    expect(await look()).toMatchObject({ state: "Working", message: expect.stringContaining("valuesFrom") as string });
    expect(await annotations(HELM_RELEASES, "web")).toMatchObject({ "reconcile.fluxcd.io/requestedAt": OURS });
    const asked = (await root.client.get(HELM_RELEASES, { namespace, name: "web" })).metadata.resourceVersion;
    await look();
    expect((await root.client.get(HELM_RELEASES, { namespace, name: "web" })).metadata.resourceVersion).toBe(asked);

    await says(HELM_RELEASES, "web", { ...ready, lastHandledReconcileAt: OURS });
    expect(await look()).toMatchObject({ state: "Healthy", since: Date.parse(time(6)) });
    await says(HELM_RELEASES, "web", {
      ...ready,
      conditions: [condition("Remediated", "True", time(9), 1, "rolled back")],
    });
    expect(await look()).toMatchObject({
      state: "Unhealthy",
      message: expect.stringContaining("rolled back") as string,
    });
    await root.does("delete", "helmreleases,kustomizations.kustomize.toolkit.fluxcd.io", "--all", "-n", namespace);
    expect(await look()).toMatchObject({ state: "NotThere" });
  });
});

const open = (rights?: string) =>
  stage((namespace) => ({ argocd: { application: "{app}-{layer}", namespace } }), rights);

describe("an Application, by its real definition and with written status (Argo CD does not run)", () => {
  const spec = {
    project: "default",
    source: { repoURL: "https://git.example/deploy", path: "web", targetRevision: "main" },
    destination: { name: "in-cluster", namespace: "web" },
    syncPolicy: { automated: {} },
  };
  const compared = { source: spec.source, destination: spec.destination };
  const status = (time: (seconds: number) => string) => ({
    sync: { status: "Synced", revision: OURS, comparedTo: compared },
    health: { status: "Healthy", lastTransitionTime: time(12) },
    reconciledAt: time(11),
    operationState: {
      phase: "Succeeded",
      startedAt: time(3),
      finishedAt: time(10),
      operation: { sync: {} },
      syncResult: { revision: OURS, source: spec.source },
    },
  });
  test("that was healthy before is asked to look at Git, and counts when it was synced and looked at since", async () => {
    const { look, create, merges, time, annotations } = await open();
    await create(APPLICATIONS, "web-main", spec);
    const before = {
      ...status(time),
      sync: { status: "Synced", revision: OLD, comparedTo: compared },
      reconciledAt: time(-300),
    };
    await merges(APPLICATIONS, "web-main", {
      status: {
        ...before,
        operationState: { ...before.operationState, startedAt: time(-305), finishedAt: time(-301) },
      },
    });
    expect(await look()).toMatchObject({ state: "OldRevision" });
    expect(await annotations(APPLICATIONS, "web-main")).toEqual({ "argocd.argoproj.io/refresh": "normal" });

    // Argo CD takes the annotation away when it has looked.
    const sync = {
      ...status(time),
      reconciledAt: time(2),
      health: { status: "Healthy", lastTransitionTime: time(-900) },
    };
    await merges(APPLICATIONS, "web-main", {
      metadata: { annotations: { "argocd.argoproj.io/refresh": null } },
      status: sync,
    });
    expect(await look()).toMatchObject({
      state: "Working",
      message: expect.stringContaining("not looked at") as string,
    });
    expect(await annotations(APPLICATIONS, "web-main")).toEqual({ "argocd.argoproj.io/refresh": "normal" });
    await merges(APPLICATIONS, "web-main", {
      metadata: { annotations: { "argocd.argoproj.io/refresh": null } },
      status: status(time),
    });
    expect(await look()).toMatchObject({ state: "Healthy", since: Date.parse(time(12)) });
    expect(await annotations(APPLICATIONS, "web-main")).toEqual({});
  });

  test("that is deleted while it is waited for is said to go, and then to be gone", async () => {
    const { look, create, namespace } = await open();
    await create(APPLICATIONS, "web-main", spec, { finalizers: ["resources-finalizer.argocd.argoproj.io"] });
    await root.does("delete", "applications.argoproj.io", "web-main", "-n", namespace, "--wait=false");
    expect(await look()).toMatchObject({
      state: "NotThere",
      message: expect.stringContaining("being deleted") as string,
    });
    await root.does(
      "patch",
      "applications.argoproj.io",
      "web-main",
      "-n",
      namespace,
      "--type=merge",
      '--patch={"metadata":{"finalizers":null}}',
    );
    expect(await look()).toMatchObject({
      state: "NotThere",
      message: expect.stringContaining("does not exist") as string,
    });
  });

  test("that may be read but not asked is waited for all the same, with the right that is missing in the sentence", async () => {
    const { look, create, namespace } = await open("get");
    await create(APPLICATIONS, "web-main", spec);
    expect(await look()).toMatchObject({
      state: "OldRevision",
      message: expect.stringMatching(
        new RegExp(
          `kubectl create role ashat-refresh-applications -n ${namespace} --verb=get,patch --resource=applications.argoproj.io`,
        ),
      ) as string,
    });
  });

  test("that may not even be read, and a cluster that is not there, are no statement about it", async () => {
    const { look } = await open();
    const stranger = await person(cluster, "stranger");
    expect(await look(stranger.client)).toMatchObject({
      state: "Unreachable",
      message: expect.stringContaining("kubectl create role ashat-waits") as string,
    });
    await stranger.client.close();
    const connection = { ...(await fromKubeconfig(cluster.kubeconfig)), server: "https://127.0.0.1:9" };
    const nobody = createClient(connection, { fieldManager: "ashat", userAgent: "test" });
    expect(await look(nobody)).toMatchObject({
      state: "Unreachable",
      message: expect.stringContaining("cannot be asked") as string,
    });
    await nobody.close();
  });
});
