import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { API_VERSION } from "../../src/api/group.ts";
import { type Client, createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { until } from "../cluster/until.ts";
import { server, update } from "../world/manifests.ts";
import { forgetLease, launchOperator, type OperatorProcess, untilOperatorReady } from "../world/operator.ts";
import { readScrape } from "../world/prometheus.ts";
import { openRoom, type Room } from "../world/room.ts";
import { startWorld, type World } from "../world/world.ts";

const cluster = sharedCluster();
const rooms: Room[] = [];
const open = new Set<Socket>();
let client: Client;
let world: World;
let operator: OperatorProcess | undefined;
let silent: Server;

beforeAll(async () => {
  client = createClient(await fromKubeconfig(cluster.kubeconfig), {
    fieldManager: "ashat-test",
    userAgent: "ashat-test",
  });
  world = await startWorld(cluster, await newNamespace(cluster, "silent"));
  silent = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => undefined).on("close", () => open.delete(socket));
  });
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const launched = await launchOperator(cluster, world.keys, world.dir);
  operator = launched;
  await untilOperatorReady(launched);
});
afterAll(async () => {
  // In order it would wait for what hangs.
  if (operator?.running() === true) process.kill(-operator.pid, "SIGKILL");
  await operator?.exited;
  await forgetLease(cluster);
  for (const socket of open) socket.destroy();
  silent?.close();
  await Promise.all(rooms.map((room) => room.stop()));
  await world?.stop();
  await client?.close();
});

const room = async (prefix: string): Promise<Room> => {
  const opened = await openRoom(cluster, client, world, prefix);
  rooms.push(opened);
  return opened;
};
const running = async (): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${operator?.healthPort ?? 0}/metrics`)).text();
  return readScrape(text).series.get('ashat_queue_running{controller="deployment"}') ?? 0;
};

const MANY = 130;
/** Three quarters of the workers. */
const MAY_HANG = 48;

test("with updates of one namespace hanging at a Git host that accepts and stays silent, an update of another goes through", async () => {
  const [stuck, free] = [await room("stuck"), await room("free")];
  const { port } = silent.address() as AddressInfo;
  const at = await free.target("staging");
  await stuck.apply(
    {
      apiVersion: API_VERSION,
      kind: "Server",
      metadata: { namespace: stuck.namespace, name: "staging" },
      spec: {
        tier: "Public",
        url: "https://127.0.0.1:9",
        git: { url: `https://127.0.0.1:${port}/deploy`, path: "apps/{app}" },
      },
    },
    ...Array.from({ length: MANY }, (_, n) => ({
      apiVersion: API_VERSION,
      kind: "Deployment",
      metadata: { namespace: stuck.namespace, name: `u-${n}` },
      spec: {
        app: `app-${n}`,
        version: "9.4.2",
        description: "It hangs",
        artifact: { image: { ref: "registry.example/shop", digest: `sha256:${"a".repeat(64)}` } },
      },
    })),
  );
  await until("as many hang as may", async () => (await running()) >= MAY_HANG);
  await free.apply(
    server(free.namespace, "Public", at),
    update(free.namespace, "first", await world.archives.build({ version: "9.4.2" })),
  );
  await free.untilUpdate("first", ({ tiers = [] }) =>
    tiers.some(({ name, state }) => name === "public" && state === "Passed"),
  );
  expect(await running()).toBeGreaterThanOrEqual(MAY_HANG);
});
