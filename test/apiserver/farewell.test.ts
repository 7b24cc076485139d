import { Registry } from "@prometheus-io/client";
import pino from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recordName } from "../../src/api/record.ts";
import { sayFarewell } from "../../src/controllers/farewell.ts";
import { DEPLOYMENTS, RECORDS, recordLabels } from "../../src/controllers/kinds.ts";
import { chain } from "../../src/controllers/observe.ts";
import { createSeal } from "../../src/controllers/seal.ts";
import { createStores } from "../../src/controllers/stores.ts";
import { createWorkMetrics } from "../../src/controllers/work-metrics.ts";
import { type Client, createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import { generateKeys, parseSigningKey } from "../../src/licence/keys.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { server, sha, update } from "../unit/fixtures.ts";
import { Scene } from "../unit/scene.ts";
import { update as manifest } from "../world/manifests.ts";

let cluster: ClusterAccess;
let client: Client;

beforeAll(async () => {
  cluster = sharedCluster();
  client = createClient(await fromKubeconfig(await cluster.kubeconfigForServiceAccount("ashat-system", "ashat")), {
    fieldManager: "ashat-test",
    userAgent: "ashat-test",
  });
});
afterAll(async () => {
  await client.close();
});

/** An update that has passed staging, its Deployment gone, and an operator that knows of the first records of its chain. */
const deleted = async ({ known }: { readonly known: number }) => {
  const namespace = await newNamespace(cluster, "farewell");
  const release = { version: "9.4.2", url: "https://alpha.example/ra.tgz", sha256: sha("a") };
  await cluster.kubectl(["apply", "-f", "-"], { stdin: JSON.stringify(manifest(namespace, "first", release)) });
  const { uid } = (await client.get(DEPLOYMENTS, { namespace, name: "first" })).metadata;
  const artifact = { archive: { url: release.url, sha256: release.sha256 } };
  const scene = new Scene(update("first", { version: "9.4.2", artifact }, uid), server("staging", "Public"));
  scene.runPassing();
  const log = pino({ level: "silent" });
  const stores = createStores(client, log, Math.random);
  for (const spec of scene.records) {
    const metadata = { name: recordName(spec.deployment, spec.seq), namespace, labels: recordLabels(spec) };
    const record = await client.create(RECORDS, { metadata, spec });
    if (spec.seq < known) stores.records.put(record);
  }
  await cluster.kubectl(["delete", "deployments.ashat.raos.io/first", "-n", namespace]);
  const { privateJwk } = await generateKeys();
  const context = {
    client,
    stores,
    isLeader: () => true,
    now: () => scene.now,
    seal: await createSeal(await parseSigningKey(privateJwk)),
    work: createWorkMetrics(new Registry(), log),
  };
  return {
    namespace,
    length: scene.records.length,
    farewell: () => sayFarewell(context, `${namespace}/first`, undefined, AbortSignal.timeout(20_000)),
    chain: async () => chain((await client.list(RECORDS, { namespace })).items, uid),
  };
};

test("the chain of an update that was deleted ends with it, once, also where another leader has written more of it", async () => {
  const scene = await deleted({ known: 1 });
  await scene.farewell();
  const records = await scene.chain();
  expect(records.length).toBe(scene.length + 1);
  expect(records.map(({ to }) => to).filter((to) => to === "Deleted")).toEqual(["Deleted"]);
  expect(records.at(-1)).toMatchObject({ to: "Deleted", previous: records.at(-2)?.hash });
  await scene.farewell();
  expect(await scene.chain()).toEqual(records);
});

test("an update whose namespace was wiped and built again gets no end that hangs on nothing", async () => {
  const scene = await deleted({ known: Infinity });
  await cluster.kubectl(["delete", "namespace", scene.namespace]);
  await cluster.kubectl(["create", "namespace", scene.namespace]);
  await scene.farewell();
  expect(await scene.chain()).toEqual([]);
});
