import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { KubeObject, Resource } from "../../src/kube/types.ts";
import { gitDeliverer } from "../../src/delivery/git/deliverer.ts";
import { findLedger, writeLedger } from "../../src/delivery/kubernetes/ledger.ts";
import { ledgerName } from "../../src/delivery/kubernetes/ledger-name.ts";
import { alreadyExists, ApiError, conflict, notFound } from "../../src/kube/errors.ts";
import { CONFIG_MAPS, SECRETS } from "../cluster/pod.ts";
import { newNamespace } from "../cluster/shared.ts";
import { LOOPBACK, SEAL } from "../world/git-scene.ts";
import { startGitServer } from "../world/git-server.ts";
import { until } from "../cluster/until.ts";
import { allowImpersonation, configMap, grant, manifest, wordsOf } from "../delivery/kubernetes-scene.ts";
import { openStages } from "../delivery/kubernetes-stage.ts";

const ID = { target: "shop", app: "default", layer: "main" };
const LEDGER = ledgerName(ID);
const { cluster, open, root, stage: bare } = openStages("kube");

const stage = async (options: Parameters<typeof bare>[0] = {}) => {
  const { namespace, scene } = await bare(options);
  const find = async <T extends KubeObject>(resource: Resource<T>, name: string): Promise<T | undefined> => {
    try {
      return await root().client.get(resource, { namespace, name });
    } catch (error) {
      if (error instanceof ApiError && notFound(error)) return undefined;
      throw error;
    }
  };
  return { namespace, scene, find, colour: async (name: string) => (await find(CONFIG_MAPS, name))?.data?.["colour"] };
};

const web = (replicas: number, labels: Readonly<Record<string, string>> = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web", ...labels } },
      spec: { nodeSelector: { kept: "away" }, containers: [{ name: "web", image: "web" }] },
    },
  },
});

describe("a release that comes to a cluster", () => {
  test("is applied as the service account, and counts when all of it is healthy", async () => {
    const { scene, colour, find } = await stage();
    const first = await scene.delivers("1.0.0", [configMap("one", { colour: "red" }), web(0)]);
    expect(wordsOf(first)).toMatch(/^Switching/);
    expect(await scene.ends(scene.last().key)).toMatchObject({
      state: "Applied",
      message: "All 2 objects are healthy.",
    });
    expect(await colour("one")).toBe("red");
    const raw = (await root().client.get({ ...CONFIG_MAPS }, { namespace: scene.place.target.namespace, name: "one" }))
      .metadata;
    expect(raw.annotations).toEqual({
      "ashat.raos.io/inventory": `${scene.place.target.namespace}/${LEDGER}`,
    });
    expect(await find(SECRETS, LEDGER)).toMatchObject({ type: "ashat.raos.io/release" });
    expect(await scene.observe()).toMatchObject({
      state: "Answered",
      status: {
        apps: [
          { app: "default", layer: "main", sequence: 1, version: "1.0.0", modules: ["core"], health: { ok: true } },
        ],
        seen: [{ sequence: 1, state: "Applied" }],
      },
    });
  });

  test("delivered again under its key changes nothing, and another one under that key is refused", async () => {
    const { scene, find } = await stage();
    await scene.delivers("1.0.0", [configMap("one", { colour: "red" })]);
    const assignment = scene.last();
    await scene.ends(assignment.key);
    const before = (await find(SECRETS, LEDGER))?.metadata.resourceVersion;
    expect(wordsOf(await scene.deliver(assignment))).toMatch(/^Applied/);
    expect((await find(SECRETS, LEDGER))?.metadata.resourceVersion).toBe(before);
    expect(wordsOf(await scene.deliver({ ...assignment, version: "1.0.1" }))).toMatch(/^Refused KeyReused/);
    expect(
      wordsOf(
        await scene.delivers("0.9.0", [configMap("one", {})], {
          sequence: 1,
          key: `${scene.place.target.uid}.default.main.1`,
        }),
      ),
    ).toMatch(/KeyReused/);
    expect(wordsOf(await scene.report(`${scene.place.target.uid}.default.main.9`))).toMatch(/^Refused NotFound/);
  });

  test("under a sequence that is not above what was taken is refused, and says which that is", async () => {
    const { scene } = await stage();
    await scene.delivers("1.0.0", [configMap("one", {})], {
      sequence: 7,
      key: `${scene.place.target.uid}.default.main.7`,
    });
    const late = await scene.delivers("0.9.0", [configMap("one", {})], {
      sequence: 6,
      key: `${scene.place.target.uid}.default.main.6`,
    });
    expect(late).toMatchObject({ state: "Refused", reason: "SequenceTooLow", sequence: 7 });
  });

  test("takes away what the one before had and it has not, but nothing precious and nothing of others", async () => {
    const { scene, find, namespace } = await stage();
    const claim = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } }, storageClassName: "none" },
    };
    await scene.delivers("1.0.0", [
      ...["kept", "gone", "given", "fixed"].map((name) => configMap(name, { colour: "red" })),
      claim,
    ]);
    await root().does(
      "annotate",
      "configmap",
      "given",
      "-n",
      namespace,
      "--overwrite",
      "ashat.raos.io/inventory=somebody/else",
    );
    await root().does("annotate", "configmap", "fixed", "-n", namespace, "ashat.raos.io/prune=Disabled");
    await scene.delivers("1.1.0", [configMap("kept", { colour: "blue" })]);
    const report = await scene.ends(scene.last().key);
    expect(report.state).toBe("Applied");
    const there = await Promise.all(["kept", "gone", "given", "fixed"].map((name) => find(CONFIG_MAPS, name)));
    expect(there.map((one) => one?.metadata.name)).toEqual(["kept", undefined, "given", "fixed"]);
    expect(await root().does("get", "pvc", "data", "-n", namespace, "-o", "name")).toContain("data");
  });

  test("with a definition, a namespace and objects of both is applied in one go", async () => {
    const { scene, namespace } = await stage();
    const name = `defines-${namespace}`;
    const rbac = "rbac.authorization.k8s.io";
    const verbs = ["get", "create", "patch", "delete"];
    await root().applies({
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata: { name },
      rules: [
        { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs },
        { apiGroups: [""], resources: ["namespaces"], verbs },
        { apiGroups: ["example.org"], resources: ["colours"], verbs },
      ],
    });
    await root().does(
      "create",
      "clusterrolebinding",
      name,
      `--clusterrole=${name}`,
      `--serviceaccount=${namespace}:deployer`,
    );
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "colours.example.org" },
      spec: {
        group: "example.org",
        names: { kind: "Colour", plural: "colours", singular: "colour", listKind: "ColourList" },
        scope: "Namespaced",
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: { spec: { type: "object", properties: { name: { type: "string" } } } },
              },
            },
          },
        ],
      },
    };
    const colour = { apiVersion: "example.org/v1", kind: "Colour", metadata: { name: "red" }, spec: { name: "red" } };
    const made = { apiVersion: "v1", kind: "Namespace", metadata: { name: `${namespace}-made` } };
    const there = { ...colour, metadata: { name: "red", namespace: `${namespace}-made` } };
    const first = await scene.delivers("1.0.0", [colour, there, made, definition]);
    expect(wordsOf(first)).toMatch(/^Switching/);
    expect(await scene.ends(scene.last().key)).toMatchObject({ state: "Applied" });
    expect(await root().does("get", "colours.example.org", "red", "-n", namespace, "-o", "jsonpath={.spec.name}")).toBe(
      "red",
    );
    const spoilt = { ...colour, metadata: { name: "blue" }, spec: { nam: "blue" } };
    expect(wordsOf(await scene.delivers("1.1.0", [spoilt, made, definition]))).toMatch(/^Refused.*spec\.nam/);
    await root().does("delete", "crd", "colours.example.org");
  });
});

describe("nothing is applied", () => {
  const bad: readonly (readonly [string, readonly object[], RegExp])[] = [
    [
      "one object is not valid",
      [configMap("one", {}), { ...web(1), spec: { replicas: "three" } }],
      /Deployment .*web was refused/,
    ],
    [
      "one kind is not served",
      [configMap("one", {}), { apiVersion: "no.example/v1", kind: "Nothing", metadata: { name: "x" } }],
      /serves no Nothing of no\.example\/v1/,
    ],
    [
      "the account has no right to one kind",
      [
        configMap("one", {}),
        { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "mine" }, rules: [] },
      ],
      /grants system:serviceaccount:.*:deployer get, create, patch and delete on clusterroles\.rbac/,
    ],
    [
      "an update would make updates",
      [configMap("one", {}), { apiVersion: "ashat.raos.io/v1alpha1", kind: "Deployment", metadata: { name: "x" } }],
      /an update does not make updates/,
    ],
    ["an object is there twice", [configMap("one", {}), configMap("one", {})], /twice/],
    ["a field is misspelt", [configMap("one", {}), { ...web(0), spec: { ...web(0).spec, replica: 3 } }], /replica/],
  ];
  test.each(bad)("where %s", async (_, objects, words) => {
    const { scene, find } = await stage();
    const answer = await scene.delivers("1.0.0", objects);
    expect(wordsOf(answer)).toMatch(/^Refused/);
    expect(wordsOf(answer)).toMatch(words);
    expect(await find(CONFIG_MAPS, "one")).toBeUndefined();
    expect(await find(SECRETS, LEDGER)).toBeUndefined();
  });

  test("where somebody else set a field, who and which are named", async () => {
    const { scene, namespace, colour } = await stage();
    await scene.delivers("1.0.0", [configMap("one", { colour: "red" }), configMap("two", { colour: "red" })]);
    await scene.ends(scene.last().key);
    await root().does(
      "patch",
      "configmap",
      "two",
      "-n",
      namespace,
      "--field-manager=mallory",
      "--type=merge",
      '--patch={"data":{"colour":"green"}}',
    );
    const answer = await scene.delivers("1.1.0", [
      configMap("one", { colour: "blue" }),
      configMap("two", { colour: "blue" }),
    ]);
    expect(wordsOf(answer)).toMatch(/^Refused FieldConflict: ConfigMap .*two.*\.data\.colour.*mallory/);
    expect(await colour("one")).toBe("red");
  });

  test("where an object was delivered by another target", async () => {
    const { scene, namespace } = await stage();
    await root().applies({
      ...configMap("one", {}, { namespace, annotations: { "ashat.raos.io/inventory": "other/ashat-x-y-z" } }),
    });
    expect(wordsOf(await scene.delivers("1.0.0", [configMap("one", {})]))).toMatch(
      /OwnedByAnother.*other\/ashat-x-y-z/,
    );
  });

  test("where the archive is not the one that was ordered, or says it is something else", async () => {
    const { scene } = await stage();
    const entries = [{ name: "all.yaml", body: manifest(configMap("one", {})) }];
    const wrong = scene.assignment("1.0.0", entries);
    const { artifact } = wrong.action as { readonly artifact: { readonly archive: { readonly url: string } } };
    const other = {
      do: "deliver",
      artifact: { archive: { url: artifact.archive.url, sha256: "0".repeat(64) } },
    } as const;
    expect(wordsOf(await scene.deliver({ ...wrong, action: other }))).toMatch(/^Refused DigestMismatch/);
    expect(wordsOf(await scene.deliver({ ...wrong, version: "9.9.9" }))).toMatch(/^Refused ManifestMismatch/);
  });

  test("where a kustomization is to be rendered first", async () => {
    const { scene } = await stage();
    const answer = await scene.deliver(
      scene.assignment("1.0.0", [{ name: "kustomization.yaml", body: "resources: []" }]),
    );
    expect(wordsOf(answer)).toMatch(/ManifestsRefused.*kubectl kustomize/);
  });

  test("where the operator may not act as the account, and the command that allows it is printed and works", async () => {
    const namespace = await newNamespace(cluster, "kube");
    await grant(cluster, namespace, "deployer");
    const scene = await open({ namespace });
    const answer = await scene.delivers("1.0.0", [configMap("one", {})]);
    expect(answer.state).toBe("Unreachable");
    const commands = /kubectl create role .*$/.exec(wordsOf(answer))?.[0].split(" && ") ?? [];
    for (const command of commands) await cluster.kubectl(command.split(" ").slice(1));
    await until("the right has come through", async () => (await scene.deliver(scene.last())).state === "Answered");
  });

  test("where the account may not write down what is delivered", async () => {
    const namespace = await newNamespace(cluster, "kube");
    await cluster.kubectl(["create", "serviceaccount", "deployer", "-n", namespace]);
    await allowImpersonation(cluster, namespace, "deployer");
    const scene = await open({ namespace });
    expect(wordsOf(await scene.delivers("1.0.0", [configMap("one", {})]))).toMatch(
      /^Unreachable: .*get, list, create and update on secrets/,
    );
  });
});

describe("a release that fails", () => {
  test("is a written failure that names what is not healthy, and is put back", async () => {
    let time = Date.now();
    const { scene, colour, find } = await stage({ now: () => time });
    await scene.delivers("1.0.0", [configMap("one", { colour: "red" })]);
    const good = scene.last();
    await scene.ends(good.key);
    await scene.delivers("1.1.0", [configMap("one", { colour: "blue" }), configMap("new", {}), web(1)]);
    expect(wordsOf(await scene.report(scene.last().key))).toMatch(/^Switching.*: Waiting for Deployment .*web/);
    time += 31_000;
    expect(await scene.ends(scene.last().key)).toMatchObject({
      state: "Failed",
      reason: "HealthFailed",
      message: expect.stringMatching(/Not healthy within 30 s: Deployment .*\/web: /) as string,
    });
    expect(await scene.observe()).toMatchObject({
      status: {
        apps: [{ version: "1.1.0", previous: { version: "1.0.0", digest: good.digest } }],
        seen: [{ state: "Failed" }],
      },
    });
    expect(wordsOf(await scene.restores(good))).toMatch(/^Switching/);
    expect(await scene.ends(scene.last().key)).toMatchObject({ state: "Applied" });
    expect(await colour("one")).toBe("red");
    expect(await find(CONFIG_MAPS, "new")).toBeUndefined();
    expect(await root().does("get", "deployments.apps", "-n", scene.place.target.namespace, "-o", "name")).toBe("");
    expect(await scene.observe()).toMatchObject({
      status: { apps: [{ version: "1.0.0", sequence: 3 }], seen: [{ sequence: 3 }] },
    });
  });

  test("by a Job that fails is known at once", async () => {
    const { scene } = await stage();
    const job = {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "migrate" },
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: 1,
        template: {
          spec: {
            restartPolicy: "Never",
            nodeSelector: { kept: "away" },
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
            containers: [
              {
                name: "migrate",
                image: "ashat:mute",
                securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
              },
            ],
          },
        },
      },
    };
    await scene.delivers("1.0.0", [job]);
    expect(await scene.ends(scene.last().key)).toMatchObject({
      state: "Failed",
      reason: "HealthFailed",
      message: expect.stringContaining("migrate: it failed") as string,
    });
  });

  test("what runs well already is only fenced, and what was never kept cannot be put back", async () => {
    const { scene } = await stage();
    await scene.delivers("1.0.0", [configMap("one", {})]);
    const good = scene.last();
    await scene.ends(good.key);
    expect(wordsOf(await scene.restores(good))).toMatch(/^Applied.*runs already/);
    expect(wordsOf(await scene.restores({ ...good, digest: `sha256:${"0".repeat(64)}` }))).toMatch(
      /^Refused SnapshotGone/,
    );
  });
});

describe("what was delivered and is changed there", () => {
  test("is noticed: changed by hand, and taken away; what others add is left alone", async () => {
    let time = Date.now();
    const { scene, namespace } = await stage({ now: () => time });
    await scene.delivers("1.0.0", [configMap("one", { colour: "red" }), configMap("two", { colour: "red" }), web(0)]);
    await scene.ends(scene.last().key);
    const changed = async () => {
      time += 31_000;
      const seen = await scene.observe();
      return seen.state === "Answered" ? seen.status.apps[0]?.changed : seen.message;
    };
    expect(await changed()).toBeUndefined();
    await root().does("annotate", "configmap", "one", "-n", namespace, "somebody=else");
    await root().does("patch", "configmap", "one", "-n", namespace, "--type=merge", '--patch={"data":{"more":"yes"}}');
    expect(await changed()).toBeUndefined();
    await root().does(
      "patch",
      "configmap",
      "one",
      "-n",
      namespace,
      "--type=merge",
      '--patch={"data":{"colour":"green"}}',
    );
    expect(await changed()).toMatch(/^ConfigMap .*one was changed .*kubectl-patch/);
    await root().does("delete", "configmap", "two", "-n", namespace);
    expect(await changed()).toMatch(/one was changed.*; ConfigMap .*two is gone/);
  });
});

/** What packing makes no smaller. */
const noise = (seed: number) =>
  Buffer.concat(
    Array.from({ length: 13_000 }, (_, i) => createHash("sha256").update(`${seed} ${i}`).digest()),
  ).toString("base64");
const big = (name: string, seed: number) => configMap(name, { noise: noise(seed), colour: "red" });

describe("the memory of a layer", () => {
  test("is its own: layers come and go without each other, at once", async () => {
    const { scene, colour } = await stage();
    const of = (layer: string, sequence: number, colourOf: string) => {
      const one = scene.assignment("1.0.0", [
        { name: "ashat.json", body: JSON.stringify({ app: "default", layer, version: "1.0.0", modules: [] }) },
        { name: "all.yaml", body: manifest(configMap(layer, { colour: colourOf })) },
      ]);
      return { ...one, layer, sequence, key: `${scene.place.target.uid}.default.${layer}.${sequence}` };
    };
    const first = [of("main", 1, "red"), of("data", 1, "red")];
    await Promise.all(first.map((one) => scene.deliver(one)));
    for (const { key } of first) expect(await scene.ends(key)).toMatchObject({ state: "Applied" });
    const second = of("data", 2, "blue");
    await scene.deliver(second);
    await scene.ends(second.key);
    expect(await Promise.all([colour("main"), colour("data")])).toEqual(["red", "blue"]);
    const seen = await scene.observe();
    expect(seen.state === "Answered" && seen.status.seen.map(({ layer, sequence }) => [layer, sequence])).toEqual([
      ["data", 2],
      ["main", 1],
    ]);
  });

  test("takes no release that leaves no room for the one before", async () => {
    const { scene, colour } = await stage();
    await scene.delivers("1.0.0", [big("one", 1)]);
    expect(await scene.ends(scene.last().key)).toMatchObject({ state: "Applied" });
    const files = [big("one", 2), big("two", 3)].map((one, at) => ({ name: `${at}.yaml`, body: manifest(one) }));
    const answer = await scene.deliver(scene.assignment("1.1.0", files));
    expect(wordsOf(answer)).toMatch(/^Refused ManifestsTooLarge.*split the app into layers/);
    expect(await colour("two")).toBeUndefined();
  });

  test("belongs to one server, also where another one has the same name", async () => {
    const { scene, namespace } = await stage();
    await scene.delivers("1.0.0", [configMap("one", {})]);
    const other = await stage({ spec: { namespace } });
    await cluster.kubectl([
      "create",
      "rolebinding",
      "guest",
      "-n",
      namespace,
      "--clusterrole=admin",
      `--serviceaccount=${other.namespace}:deployer`,
    ]);
    await until("the right has come through", async () =>
      /OwnedByAnother.*names another spec\.kubernetes\.namespace/.test(
        wordsOf(await other.scene.delivers("2.0.0", [configMap("two", {})])),
      ),
    );
    expect(await other.scene.observe()).toMatchObject({ state: "Answered", status: { apps: [], seen: [] } });
  });

  test("is written only over what was read: of two that write at once one is told", async () => {
    const { scene } = await stage();
    await scene.delivers("1.0.0", [configMap("one", {})]);
    await scene.ends(scene.last().key);
    const { signal } = new AbortController();
    const shelf = scene.shelf(root().client);
    const before = await findLedger(shelf, ID, signal);
    if (before === undefined) throw new Error("nothing was written down");
    const write = () => writeLedger(shelf, ID, before, { ...before.book, inventory: [] }, signal);
    await write();
    expect(conflict(await write().catch((error: unknown) => error))).toBe(true);
    const { releases, ...rest } = before.book;
    const manifests = before.manifests.get(1) ?? [];
    const first = writeLedger(shelf, ID, undefined, { ...rest, releases }, signal, { sequence: 1, manifests });
    expect(alreadyExists(await first.catch((error: unknown) => error))).toBe(true);
  });

  test("that somebody spoilt stops everything, and says what to do", async () => {
    const { scene, namespace } = await stage();
    await scene.delivers("1.0.0", [configMap("one", {})]);
    await root().does("patch", "secret", LEDGER, "-n", namespace, "--type=merge", '--patch={"data":{"ledger":"bm8="}}');
    expect(wordsOf(await scene.report(scene.last().key))).toMatch(
      /LedgerUnproven.*who may write Secrets there.*kubectl delete secret/,
    );
    expect((await scene.observe()).state).toBe("Refused");
  });

  test("holds what was delivered from a commit, as well; and a commit that is nowhere is no release", async () => {
    const git = await startGitServer();
    const dir = await mkdtemp(join(tmpdir(), "ashat-trees-"));
    const deliverer = gitDeliverer({ folder: dir, addresses: LOOPBACK, now: Date.now, seal: SEAL });
    try {
      const body = manifest(configMap("one", { colour: "red" }));
      const repository = await git.repository("app", {
        files: { "apps/default/main/one.yaml": body, "apps/other/main/two.yaml": body },
      });
      const { scene, colour } = await stage({ spec: { path: "apps/{app}/{layer}" }, readTree: deliverer.readTree });
      const from = (url: string, commit: string) => {
        const action = { do: "deliver", artifact: { git: { url, commit } } } as const;
        return { ...scene.assignment("1.0.0", []), digest: `git:${commit}`, action };
      };
      expect(wordsOf(await scene.deliver(from(repository.url, "a".repeat(40))))).toMatch(/^Refused CommitMissing/);
      expect(wordsOf(await scene.deliver(from("https://127.0.0.1:9/app.git", "a".repeat(40))))).toMatch(/^Unreachable/);
      const one = from(repository.url, await repository.head());
      await scene.deliver(one);
      expect(await scene.ends(one.key)).toMatchObject({ state: "Applied", message: "The only object is healthy." });
      expect(await colour("one")).toBe("red");
    } finally {
      await deliverer.close();
      await git.stop();
      await rm(dir, { recursive: true, force: true });
    }
  });
});

describe("an operator that does not lead any more", () => {
  test("prunes nothing of what the next one has delivered", async () => {
    const { scene, find } = await stage();
    await scene.delivers("1.0.0", [configMap("one", {})]);
    await scene.ends(scene.last().key);
    const late = scene.last();
    await scene.delivers("1.1.0", [configMap("two", {})]);
    await scene.ends(scene.last().key);
    expect(wordsOf(await scene.deliver({ ...late }))).toMatch(/^Applied/);
    expect(
      await Promise.all(["one", "two"].map(async (name) => (await find(CONFIG_MAPS, name))?.metadata.name)),
    ).toEqual([undefined, "two"]);
  });

  test("begins nothing after its time", async () => {
    const { scene, find } = await stage();
    expect(wordsOf(await scene.delivers("1.0.0", [configMap("one", {})], { expiresAt: Date.now() - 1 }))).toMatch(
      /^Refused Expired/,
    );
    expect(await find(SECRETS, LEDGER)).toBeUndefined();
  });
});
