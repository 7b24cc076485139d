import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { API_VERSION } from "../../src/api/group.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";

type Built = {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: Readonly<Record<string, unknown>>;
};

const REFERENCES = new URL("../../manifests/components/references", import.meta.url).pathname;
const DIGEST = `sha256:${"a".repeat(64)}`;

const ours = (kind: string, name: string, spec: object) => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name },
  spec,
});
const UPDATE = ours("Deployment", "first", {
  description: "Critical security fixes",
  version: "9.4.2",
  artifact: { image: { ref: "registry.example/ra", digest: DIGEST } },
});
const OBJECTS = [
  ours("Server", "ra-01", {
    tier: "Omega",
    url: "https://10.4.0.17",
    tls: { caSecretRef: { name: "ra-ca" } },
    agent: { url: "https://10.4.0.17:7443", tls: { caSecretRef: { name: "ra-ca" } } },
    checks: { database: { secretRef: { name: "ra-db" } } },
  }),
  ours("Server", "dev", {
    tier: "Alpha",
    url: "https://10.4.0.18",
    kubernetes: {
      secretRef: { name: "elsewhere" },
      artifactSecretRef: { name: "ra-ca" },
      serviceAccountName: "deployer",
    },
    waitFor: { kustomization: { name: "{app}" } },
  }),
  ours("Mainframe", "cust-417", {
    omega: "ra-01",
    agent: { url: "https://cust-417.example:7443", tls: { caSecretRef: { name: "ra-ca" } } },
  }),
  UPDATE,
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "deployer" } },
];
const GENERATED = [
  { name: "ra-ca", literals: ["ca.crt=a"] },
  { name: "ra-db", literals: ["url=b"] },
];

let cluster: ClusterAccess;
let root: string;

beforeAll(async () => {
  cluster = sharedCluster();
  root = await mkdtemp(join(cluster.dir, "kustomize-"));
});

/** A folder with objects and a kustomization over them. */
const folder = async (name: string, settings: object, objects: readonly object[] = []): Promise<string> => {
  const dir = join(root, name);
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, "objects.yaml"), objects.map((object) => stringify(object)).join("---\n"));
  const resources = objects.length > 0 ? { resources: ["objects.yaml"] } : {};
  await writeFile(
    join(dir, "kustomization.yaml"),
    stringify({ apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", ...resources, ...settings }),
  );
  return dir;
};

const build = async (dir: string): Promise<readonly Built[]> => {
  const { stdout } = await cluster.kubectl(["kustomize", dir]);
  return parseAllDocuments(stdout).map((document) => document.toJS() as Built);
};
const named = (built: readonly Built[], kind: string, name: string): Built => {
  const found = built.find((object) => object.kind === kind && object.metadata.name.includes(name));
  if (found === undefined) throw new Error(`kustomize built no ${kind} ${name}`);
  return found;
};
const applied = async (namespace: string, dir: string): Promise<string> =>
  (await cluster.kubectl(["apply", "-k", dir, "-n", namespace, "--validate=strict"])).stdout;

test("names that a prefix, a suffix or a generated Secret changes are changed where Servers and Mainframes name them", async () => {
  const base = await folder(
    "base",
    { components: [relative(join(root, "base"), REFERENCES)], secretGenerator: GENERATED, namePrefix: "prod-" },
    OBJECTS,
  );
  const dir = await folder("overlay", { resources: [relative(join(root, "overlay"), base)], nameSuffix: "-eu" });
  const built = await build(dir);
  const [ca, db] = [named(built, "Secret", "ra-ca"), named(built, "Secret", "ra-db")].map(
    ({ metadata }) => metadata.name,
  );
  expect(ca).toMatch(/^prod-ra-ca-eu-[a-z0-9]{10}$/);
  expect(named(built, "Server", "ra-01").spec).toMatchObject({
    tls: { caSecretRef: { name: ca } },
    agent: { tls: { caSecretRef: { name: ca } } },
    checks: { database: { secretRef: { name: db } } },
  });
  expect(named(built, "Server", "dev").spec).toMatchObject({
    kubernetes: {
      secretRef: { name: "elsewhere" },
      artifactSecretRef: { name: ca },
      serviceAccountName: "prod-deployer-eu",
    },
    waitFor: { kustomization: { name: "{app}" } },
  });
  expect(named(built, "Mainframe", "cust-417").spec).toMatchObject({
    omega: "prod-ra-01-eu",
    agent: { tls: { caSecretRef: { name: ca } } },
  });
  expect(await applied(await newNamespace(cluster, "kustomize"), dir)).toContain(
    "deployment.ashat.raos.io/prod-first-eu created",
  );
});

test("without the component the same build leaves every one of these names dangling", async () => {
  const built = await build(await folder("bare", { secretGenerator: GENERATED, namePrefix: "prod-" }, OBJECTS));
  expect(named(built, "Mainframe", "cust-417").spec).toMatchObject({ omega: "ra-01" });
  expect(named(built, "Server", "ra-01").spec).toMatchObject({ tls: { caSecretRef: { name: "ra-ca" } } });
});

test("labels of every way are accepted: what kustomize puts into an update for its name is stored and ignored", async () => {
  const namespace = await newNamespace(cluster, "kustomize");
  const pairs = { team: "a" };
  const ways = {
    common: { commonLabels: pairs, commonAnnotations: { note: "b" } },
    selectors: { labels: [{ pairs, includeSelectors: true }] },
    templates: { labels: [{ pairs, includeTemplates: true }] },
    plain: { labels: [{ pairs }] },
  };
  const specs: Record<string, unknown> = {};
  for (const [way, settings] of Object.entries(ways)) {
    const dir = await folder(way, { ...settings, namePrefix: `${way}-` }, [UPDATE]);
    const { spec, metadata } = named(await build(dir), "Deployment", "first");
    expect(metadata.labels).toEqual(pairs);
    specs[way] = { selector: spec?.["selector"], template: spec?.["template"] };
    expect(await applied(namespace, dir)).toContain(`deployment.ashat.raos.io/${way}-first created`);
  }
  expect(specs).toEqual({
    common: {
      selector: { matchLabels: pairs },
      template: { metadata: { labels: pairs, annotations: { note: "b" } } },
    },
    selectors: { selector: { matchLabels: pairs }, template: { metadata: { labels: pairs } } },
    templates: { template: { metadata: { labels: pairs } } },
    plain: {},
  });
});

test("labels that change later in the kustomization change nothing of an update that is there", async () => {
  const namespace = await newNamespace(cluster, "kustomize");
  await applied(namespace, await folder("labelled", { commonLabels: { team: "a" } }, [UPDATE]));
  const again = await folder("labelled-anew", { commonLabels: { team: "b" }, commonAnnotations: { note: "c" } }, [
    UPDATE,
  ]);
  expect(await applied(namespace, again)).toContain("deployment.ashat.raos.io/first configured");
});

test("replicas, which means the Deployment of apps, is refused with the way out", async () => {
  const dir = await folder("replicas", { replicas: [{ name: "first", count: 3 }] }, [UPDATE]);
  expect(named(await build(dir), "Deployment", "first").spec).toMatchObject({ replicas: 3 });
  await expect(applied(await newNamespace(cluster, "kustomize"), dir)).rejects.toThrow(
    "an update has no replicas: kustomize's `replicas` meant deployments.apps, take this name out of it",
  );
});

test("images leaves an update alone: what is approved is pinned by its digest, and no overlay makes another update of it", async () => {
  const images = [{ name: "registry.example/ra", newName: "mirror.example/ra", newTag: "9.9.9" }];
  const components = [relative(join(root, "images"), REFERENCES)];
  const built = await build(await folder("images", { images, components }, [UPDATE]));
  expect(named(built, "Deployment", "first").spec).toEqual(UPDATE.spec);
});
