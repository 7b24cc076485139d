import pino from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RecordSpec } from "../../src/api/record.ts";
import { recordName } from "../../src/api/record.ts";
import { DEPLOYMENTS, RECORDS, recordLabels } from "../../src/controllers/kinds.ts";
import { parseDeployment } from "../../src/controllers/parse.ts";
import { readRivals, rivalsOf } from "../../src/controllers/rivals.ts";
import { createStores } from "../../src/controllers/stores.ts";
import type { SeenTarget } from "../../src/core/observed.ts";
import { type Client, createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { server, sha, update } from "../unit/fixtures.ts";
import { Scene } from "../unit/scene.ts";
import { update as manifest } from "../world/manifests.ts";

const staging = server("staging", "Public");
const omega = server("ra-01", "Omega");
const targets = [staging, omega].map((target): SeenTarget => ({ target, agent: { state: "NotAsked" }, orders: {} }));

let cluster: ClusterAccess;
let namespace: string;
let client: Client;

beforeAll(async () => {
  cluster = sharedCluster();
  namespace = await newNamespace(cluster, "rivals");
  client = createClient(await fromKubeconfig(await cluster.kubeconfigForServiceAccount("ashat-system", "ashat")), {
    fieldManager: "ashat-test",
    userAgent: "ashat-test",
  });
});
afterAll(async () => {
  await client.close();
});

const write = async (records: readonly RecordSpec[]): Promise<void> => {
  for (const spec of records)
    await client.create(RECORDS, {
      metadata: { name: recordName(spec.deployment, spec.seq), namespace, labels: recordLabels(spec) },
      spec,
    });
};

/** An update as the API server has it, and how far it is. */
const passedPublic = async (name: string, version: string, digit: string) => {
  const release = { version, url: "https://alpha.example/ra.tgz", sha256: sha(digit) };
  await cluster.kubectl(["apply", "-f", "-"], { stdin: JSON.stringify(manifest(namespace, name, release)) });
  const raw = await client.get(DEPLOYMENTS, { namespace, name });
  const artifact = { archive: { url: release.url, sha256: release.sha256 } };
  const scene = new Scene(update(name, { version, artifact }, raw.metadata.uid), staging, omega);
  scene.runPassing();
  await write(scene.records);
  return { raw, scene };
};

test("what would supersede an update is read from the API server before it does: what ended or went away since is seen", async () => {
  const mine = await passedPublic("mine", "9.4.2", "a");
  const ended = await passedPublic("ended", "9.5.0", "b");
  const removed = await passedPublic("removed", "9.6.0", "c");
  const stands = await passedPublic("stands", "9.7.0", "d");
  const stores = createStores(client, pino({ level: "silent" }), Math.random);
  for (const { raw } of [mine, ended, removed, stands]) stores.deployments.put(raw);
  const { items } = await client.list(RECORDS, { namespace });
  for (const record of items) stores.records.put(record);

  const deployment = parseDeployment(mine.raw);
  const names = (gone: ReadonlySet<string>) =>
    rivalsOf({ stores }, deployment, targets, gone)
      .map(({ name }) => name)
      .sort();
  expect(names(new Set())).toEqual(["ended", "removed", "stands"]);

  const known = ended.scene.records.length;
  ended.scene.act("cancel", "omega", "alice");
  ended.scene.run();
  await write(ended.scene.records.slice(known));
  await cluster.kubectl(["delete", "deployments.ashat.raos.io/removed", "-n", namespace]);
  expect(names(new Set())).toEqual(["ended", "removed", "stands"]);

  const gone = await readRivals(
    { stores, client },
    deployment,
    { records: mine.scene.records, targets },
    AbortSignal.timeout(20_000),
  );
  expect([...gone]).toEqual([removed.raw.metadata.uid]);
  expect(names(gone)).toEqual(["stands"]);
});
