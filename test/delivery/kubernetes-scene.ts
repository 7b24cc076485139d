import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { KubernetesTarget } from "../../src/api/kubernetes-target.ts";
import { orderEnded, orderKey } from "../../src/api/order.ts";
import type { Assignment } from "../../src/delivery/assignment.ts";
import type { Delivery } from "../../src/delivery/driver.ts";
import { readArchiveFrom } from "../../src/delivery/kubernetes/archive.ts";
import { type ClusterSecret, createClusters } from "../../src/delivery/kubernetes/clusters.ts";
import { kubernetesDeliverer } from "../../src/delivery/kubernetes/deliverer.ts";
import type { ReadTree } from "../../src/delivery/kubernetes/files.ts";
import type { Shelf } from "../../src/delivery/kubernetes/ledger.ts";
import { createLedgerProof, type LedgerProof } from "../../src/delivery/kubernetes/ledger-proof.ts";
import type { KubernetesPlace } from "../../src/delivery/kubernetes/session.ts";
import { addressRules } from "../../src/dial/address-rules.ts";
import { type Client, createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import { generateKeys, parseSigningKey } from "../../src/licence/keys.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { createCa, issue } from "../cluster/pki.ts";
import { archive, rawTar, sha256, type TarEntry } from "../targets/archives.ts";
import { startFileServer } from "../targets/file-server.ts";
import { until } from "../cluster/until.ts";

export const NAMES = { fieldManager: "ashat", userAgent: "ashat-test" } as const;

/** Everything an account needs that delivers the manifests of these tests into its namespace, as `docs` say it. */
export const grant = async (cluster: ClusterAccess, namespace: string, account: string): Promise<void> => {
  const kubectl = (...args: readonly string[]) => cluster.kubectl([...args, "-n", namespace]);
  await kubectl("create", "serviceaccount", account);
  await kubectl("create", "rolebinding", account, "--clusterrole=admin", `--serviceaccount=${namespace}:${account}`);
};

/** Lets the operator act as the account: the very command that it prints where this is missing. */
export const allowImpersonation = async (cluster: ClusterAccess, namespace: string, account: string): Promise<void> => {
  const role = `ashat-as-${account}`;
  const create = (...args: readonly string[]) => cluster.kubectl(["create", ...args, "-n", namespace]);
  await create("role", role, "--verb=impersonate", "--resource=serviceaccounts", `--resource-name=${account}`);
  await create("rolebinding", role, `--role=${role}`, "--serviceaccount=ashat-system:ashat");
};

export const manifest = (object: object): string => `${JSON.stringify(object)}\n`;
export const configMap = (name: string, data: Readonly<Record<string, string>>, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...more },
  data,
});

/** That of an installation with an order key of its own. */
export const newProof = async (): Promise<LedgerProof> =>
  createLedgerProof(await parseSigningKey((await generateKeys()).privateJwk));
const OWN = newProof();

export interface KubernetesScene {
  readonly place: KubernetesPlace;
  /** A new release, under the next sequence unless another one is named. */
  readonly delivers: (version: string, objects: readonly object[], more?: Partial<Assignment>) => Promise<Delivery>;
  readonly assignment: (version: string, entries: readonly TarEntry[], more?: Partial<Assignment>) => Assignment;
  readonly deliver: (assignment: Assignment) => Promise<Delivery>;
  readonly restores: (of: Assignment, more?: Partial<Assignment>) => Promise<Delivery>;
  readonly report: (key: string) => Promise<Delivery>;
  readonly observe: () => ReturnType<ReturnType<typeof kubernetesDeliverer>["observe"]>;
  readonly ends: (
    key: string,
  ) => Promise<{ readonly state: string; readonly reason: string; readonly message: string }>;
  readonly last: () => Assignment;
  /** Another process with another way to the cluster, which knows nothing; with another order key, where one is given. */
  readonly reborn: (home: Client, proof?: LedgerProof) => ReturnType<typeof kubernetesDeliverer>;
  /** Its ledgers, as whoever this client is. */
  readonly shelf: (client: Client) => Shelf;
  readonly home: Client;
  readonly close: () => Promise<void>;
}

export interface SceneOptions {
  readonly namespace: string;
  readonly account?: string;
  readonly spec?: Partial<KubernetesTarget>;
  readonly secret?: ClusterSecret;
  readonly now?: () => number;
  readonly readTree?: ReadTree;
  readonly workMs?: number;
}

/** A deliverer with the rights of the operator, and an archive server that it trusts. */
export const openKubernetes = async (cluster: ClusterAccess, options: SceneOptions): Promise<KubernetesScene> => {
  const { namespace, account = "deployer", secret, now = Date.now } = options;
  const ca = await createCa("CA of the archives");
  const server = await startFileServer(await issue(ca, { commonName: "archives", ips: ["127.0.0.1"] }));
  const home = createClient(
    await fromKubeconfig(await cluster.kubeconfigForServiceAccount("ashat-system", "ashat")),
    NAMES,
  );
  const addresses = addressRules({ allow: ["127.0.0.0/8"], remedy: () => "" });
  const clusters = createClusters(home, addresses, NAMES);
  const proof = await OWN;
  const deps = {
    clusters,
    proof,
    readArchive: readArchiveFrom(addresses, { ca: ca.certPem }),
    readTree: options.readTree ?? (() => Promise.reject(new Error("no git here"))),
    now,
    ...(options.workMs !== undefined && { workMs: options.workMs }),
  };
  const deliverer = kubernetesDeliverer(deps);
  const spec = KubernetesTarget.parse({
    ...(account === "" ? {} : { serviceAccountName: account }),
    healthySeconds: 0,
    timeoutSeconds: 30,
    ...options.spec,
    ...(secret && { secretRef: { name: secret.metadata.name } }),
  });
  const place: KubernetesPlace = {
    target: { namespace, name: "shop", uid: randomUUID() },
    spec,
    ...(secret && { secret }),
  };
  const alive = new AbortController();
  let sequence = 0;
  let last: Assignment | undefined;

  const assignment = (version: string, entries: readonly TarEntry[], more: Partial<Assignment> = {}): Assignment => {
    const own = entries.some(({ name }) => name === "ashat.json");
    const bytes = own ? gzipSync(rawTar(entries)) : archive(version, entries);
    const path = `/${randomUUID()}.tgz`;
    server.put(path, bytes);
    sequence = more.sequence ?? sequence + 1;
    const artifact = { archive: { url: server.url(path), sha256: sha256(bytes) } };
    last = {
      key: orderKey({ targetUid: place.target.uid, app: "default", layer: "main", sequence }),
      app: "default",
      layer: "main",
      sequence,
      version,
      digest: `sha256:${sha256(bytes)}`,
      action: { do: "deliver", artifact },
      update: { name: `update-${sequence}`, uid: randomUUID(), description: "" },
      approvers: [],
      expiresAt: now() + 600_000,
      ...more,
    };
    return last;
  };
  const report = (key: string): Promise<Delivery> => deliverer.report(place, key, alive.signal);
  const scene: KubernetesScene = {
    place,
    home,
    assignment,
    deliver: (one) => deliverer.deliver(place, one, alive.signal),
    delivers: (version, objects, more) =>
      scene.deliver(assignment(version, [{ name: "all.yaml", body: objects.map(manifest).join("---\n") }], more)),
    restores: (of, more = {}) => {
      const undoes = last?.sequence ?? 0;
      sequence += 1;
      last = {
        ...of,
        key: orderKey({ targetUid: place.target.uid, app: "default", layer: "main", sequence }),
        sequence,
        action: { do: "restore", undoes },
        expiresAt: now() + 600_000,
        ...more,
      };
      return deliverer.deliver(place, last, alive.signal);
    },
    report,
    observe: () => deliverer.observe(place, alive.signal),
    ends: (key) =>
      until(`${key} has ended`, async () => {
        const answer = await report(key);
        if (answer.state === "Refused") return answer;
        if (answer.state !== "Answered") throw new Error(answer.message);
        const { state } = answer.report;
        return orderEnded(state) ? answer.report : undefined;
      }),
    last: () => {
      if (last === undefined) throw new Error("nothing was delivered yet");
      return last;
    },
    reborn: (other, own = proof) =>
      kubernetesDeliverer({ ...deps, proof: own, clusters: createClusters(other, addresses, NAMES) }),
    shelf: (client) => ({ client, namespace: spec.namespace ?? namespace, owner: `${namespace}/shop`, proof }),
    close: async () => {
      alive.abort();
      await clusters.close();
      await home.close();
      await server.close();
    },
  };
  return scene;
};

/** What was said, whichever kind of answer it is. */
export const wordsOf = (answer: Delivery): string =>
  answer.state === "Answered"
    ? `${answer.report.state} ${answer.report.reason}: ${answer.report.message}`
    : `${answer.state}${answer.state === "Refused" ? ` ${answer.reason}` : ""}: ${answer.message}`;
