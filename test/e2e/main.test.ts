import { afterAll, beforeAll, test } from "vitest";
import type { Guarded } from "../cluster/guard.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { goesTheMainPath } from "../world/main-path.ts";
import { startOperator } from "../world/operator.ts";
import { startWorld, type World } from "../world/world.ts";

const cluster = sharedCluster();
let world: World;
let operator: Guarded;

beforeAll(async () => {
  world = await startWorld(cluster, await newNamespace(cluster, "main"));
  operator = await startOperator(cluster, world.keys, world.dir);
});

afterAll(async () => {
  await operator?.stop(10_000);
  await world?.stop();
});

test("an update goes from ALPHA to the mainframes, and every server answers with it afterwards", async () => {
  await goesTheMainPath(cluster, world);
});
