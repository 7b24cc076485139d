import { afterAll, beforeAll } from "vitest";
import { type Client, createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import type { Guarded } from "../cluster/guard.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { type OperatorSettings, startOperator } from "./operator.ts";
import { openRoom, type Room } from "./room.ts";
import { startWorld, type World } from "./world.ts";

const here = <T>(part: T | undefined): T => {
  if (part === undefined) throw new Error("the scene is set before the first test");
  return part;
};

/** One operator and one world for all situations of a test file; each situation has a room, and they go on at the same time. */
export const openScene = (settings: OperatorSettings = {}) => {
  const cluster = sharedCluster();
  const rooms: Room[] = [];
  let world: World | undefined;
  let client: Client | undefined;
  let operator: Guarded | undefined;

  const operate = async (now: OperatorSettings): Promise<void> => {
    operator = await startOperator(cluster, here(world).keys, here(world).dir, now);
  };

  beforeAll(async () => {
    client = createClient(await fromKubeconfig(cluster.kubeconfig), {
      fieldManager: "ashat-test",
      userAgent: "ashat-test",
    });
    world = await startWorld(cluster, await newNamespace(cluster, "scene"));
    await operate(settings);
  });
  afterAll(async () => {
    await Promise.all(rooms.map((room) => room.stop()));
    await operator?.stop(10_000);
    await world?.stop();
    await client?.close();
  });

  return {
    cluster,
    world: () => here(world),
    client: () => here(client),
    room: async (prefix: string): Promise<Room> => {
      const room = await openRoom(cluster, here(client), here(world), prefix);
      rooms.push(room);
      return room;
    },
    /** The operator goes away as in an upgrade, and another one with other settings takes over. */
    restartOperator: async (now: OperatorSettings): Promise<void> => {
      await operator?.stop(10_000);
      await operate(now);
    },
  };
};
