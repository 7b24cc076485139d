import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import { ClusterRefused } from "../../src/delivery/kubernetes/cluster-refused.ts";
import { type Clusters, type ClusterSecret, createClusters } from "../../src/delivery/kubernetes/clusters.ts";
import { addressRules, refusalIn } from "../../src/dial/address-rules.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { CONFIG_MAPS } from "../cluster/pod.ts";
import { person, type Person } from "../cluster/person.ts";
import { newNamespace, notOwned, sharedCluster } from "../cluster/shared.ts";
import { configMap, grant, NAMES, openKubernetes, wordsOf } from "../delivery/kubernetes-scene.ts";

const cluster = sharedCluster();
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const secretOf = (data: Readonly<Record<string, string>>, resourceVersion = "1"): ClusterSecret => ({
  metadata: { namespace: "shop", name: "elsewhere", uid: "u", resourceVersion },
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
});

/** A second control plane: another cluster with its own CA, accounts and objects. */
let other: Cluster;
let owner: Person;
let namespace: string;
let token: string;
beforeAll(async () => {
  if (notOwned(cluster) !== undefined) return;
  other = await startCluster();
  namespace = await newNamespace(other, "far");
  await grant(other, namespace, "deployer");
  token = await other.serviceAccountToken(namespace, "deployer");
  owner = await person(other, "owner", ["system:masters"]);
}, 600_000);
afterAll(async () => {
  await owner?.client.close();
  await other?.stop();
});
const elsewhere = test.skipIf(notOwned(cluster) !== undefined);

elsewhere("another cluster is reached by server, CA and token, as whoever the token is", async () => {
  const home = await newNamespace(cluster, "near");
  const secret = secretOf({ server: other.server, "ca.crt": other.caPem, token });
  const scene = await openKubernetes(cluster, { namespace: home, account: "", secret, spec: { namespace } });
  try {
    expect(wordsOf(await scene.delivers("1.0.0", [configMap("one", { colour: "red" })]))).toMatch(/^Switching/);
    expect(await scene.ends(scene.last().key)).toMatchObject({ state: "Applied" });
    expect((await owner.client.get(CONFIG_MAPS, { namespace, name: "one" })).data).toEqual({ colour: "red" });
    expect(await scene.observe()).toMatchObject({ status: { apps: [{ version: "1.0.0" }] } });
  } finally {
    await scene.close();
  }
});

elsewhere("another cluster is reached by a kubeconfig of a service account", async () => {
  const home = await newNamespace(cluster, "near");
  const text = await readFile(await other.kubeconfigForServiceAccount(namespace, "deployer"), "utf8");
  const scene = await openKubernetes(cluster, {
    namespace: home,
    account: "",
    secret: secretOf({ kubeconfig: text }),
    spec: { namespace },
  });
  try {
    expect(wordsOf(await scene.delivers("1.0.0", [configMap("two", {})]))).toMatch(/^Refused OwnedByAnother/);
  } finally {
    await scene.close();
  }
});

elsewhere.each([
  ["a token that does not count", { token: "nobody" }, /^Unreachable: That cluster does not know who the operator is/],
  ["the CA of another cluster", { "ca.crt": () => cluster.caPem }, /^WrongCertificate/],
  ["a server that is not there", { server: "https://127.0.0.1:9" }, /^Unreachable/],
] as const)("%s is said, and nothing is applied", async (_, wrong, words) => {
  const home = await newNamespace(cluster, "near");
  const data = { server: other.server, "ca.crt": other.caPem, token, ...wrong };
  const texts = Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, typeof value === "function" ? value() : value]),
  );
  const scene = await openKubernetes(cluster, {
    namespace: home,
    account: "",
    secret: secretOf(texts),
    spec: { namespace },
  });
  try {
    const answer = await scene.delivers("1.0.0", [configMap("one", {})]);
    expect(wordsOf(answer)).toMatch(words);
    expect(wordsOf(answer)).not.toContain(token);
  } finally {
    await scene.close();
  }
});

/** Runs with a client of the shared cluster that is never asked anything. */
const withClusters = async (
  allow: readonly string[],
  use: (clusters: Clusters) => void | Promise<void>,
): Promise<void> => {
  const client = createClient(await fromKubeconfig(cluster.kubeconfig), NAMES);
  const clusters = createClusters(client, addressRules({ allow, remedy: () => "" }), NAMES);
  try {
    await use(clusters);
  } finally {
    await clusters.close();
    await client.close();
  }
};

test.each([
  "https://127.0.0.1:9",
  "https://[::1]:9",
  "https://169.254.169.254",
  "https://2130706433",
  "https://localhost:9",
])("a Secret that leads to %s, where no cluster of others is, is refused before anything is sent", (server) =>
  withClusters([], async (clusters) => {
    const error = await clusters
      .of(secretOf({ server, token: "t" }))
      .raw("/version")
      .catch((thrown: unknown) => thrown);
    expect(refusalIn(error)?.message).toMatch(/nothing is sent there/);
  }),
);

test("a client is kept as long as its Secret is the same", () =>
  withClusters(["127.0.0.0/8"], (clusters) => {
    const data = { server: cluster.server, "ca.crt": cluster.caPem, token: "t" };
    const first = clusters.of(secretOf(data));
    expect(clusters.of(secretOf(data))).toBe(first);
    expect(clusters.of(secretOf(data, "2"))).not.toBe(first);
  }));

const kubeconfig = async (
  change: (
    config: { clusters: [{ cluster: object }]; users: [{ user: object }]; contexts: object[] } & Record<
      string,
      unknown
    >,
  ) => void,
) => {
  const config = parse(await readFile(cluster.kubeconfig, "utf8")) as Parameters<typeof change>[0];
  change(config);
  return { kubeconfig: stringify(config) };
};

test.each([
  [
    "with an exec plugin",
    () => kubeconfig((c) => void (c.users[0].user = { exec: { command: "/bin/true", apiVersion: "v1" } })),
    /kubeconfig of Secret shop\/elsewhere .*exec plugin.*put a token/,
  ],
  [
    "with an auth-provider",
    () => kubeconfig((c) => void (c.users[0].user = { "auth-provider": { name: "gcp" } })),
    /auth-provider.*put a token/,
  ],
  [
    "with the path of a token",
    () => kubeconfig((c) => void (c.users[0].user = { tokenFile: "/etc/passwd" })),
    /tokenFile, a path in the operator/,
  ],
  [
    "with the path of a key",
    () => kubeconfig((c) => void (c.users[0].user = { "client-key": "/etc/key" })),
    /client-key-data/,
  ],
  [
    "with the path of a CA",
    () =>
      kubeconfig((c) => void (c.clusters[0].cluster = { server: "https://10.0.0.1", "certificate-authority": "/ca" })),
    /certificate-authority-data/,
  ],
  [
    "that proves no server",
    () =>
      kubeconfig(
        (c) => void (c.clusters[0].cluster = { server: "https://10.0.0.1", "insecure-skip-tls-verify": true }),
      ),
    /insecure-skip-tls-verify.*put the CA/,
  ],
  [
    "with several contexts and none chosen",
    () =>
      kubeconfig((c) => {
        c.contexts.push({ name: "x", context: {} });
        delete c["current-context"];
      }),
    /several contexts and no current-context/,
  ],
  [
    "that acts as somebody else",
    () => kubeconfig((c) => void (c.users[0].user = { token: "t", as: "root" })),
    /serviceAccountName/,
  ],
  ["that is no kubeconfig", () => Promise.resolve({ kubeconfig: "a: [" }), /not one YAML document/],
  [
    "with http://",
    () => Promise.resolve({ server: "http://10.0.0.1", token: "t" }),
    /key server .*http:\/\/.*reads the token/,
  ],
  [
    "with a password in the URL",
    () => Promise.resolve({ server: "https://me:secret@10.0.0.1", token: "t" }),
    /no plain https/,
  ],
  ["without a token", () => Promise.resolve({ server: "https://10.0.0.1" }), /key token .*kubectl create token/],
  [
    "with a CA that is none",
    () => Promise.resolve({ server: "https://10.0.0.1", "ca.crt": "no", token: "t" }),
    /key ca\.crt .*no certificate in PEM/,
  ],
  ["with nothing in it", () => Promise.resolve({}), /key server .*missing.*ca\.crt.*token/],
  [
    "with a server and a kubeconfig",
    () => Promise.resolve({ server: "https://10.0.0.1", kubeconfig: "x" }),
    /leave one out/,
  ],
] as const)("a Secret %s is refused with a sentence that names the key", async (_, data, words) => {
  const texts = await data();
  await withClusters([], (clusters) => {
    const refused = (): unknown => clusters.of(secretOf(texts));
    expect(refused).toThrow(ClusterRefused);
    expect(refused).toThrow(words);
    expect(refused).not.toThrow(/secret@|\/etc\/passwd/);
  });
});
