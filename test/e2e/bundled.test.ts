import { afterAll, beforeAll, test } from "vitest";
import { bundleInto } from "../../scripts/image/bundle.ts";
import { BUNDLED_IMAGE, bundledProgram, bundleFolder } from "../cluster/bundled.ts";
import type { Guarded } from "../cluster/guard.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { goesTheMainPath } from "../world/main-path.ts";
import { startOperator } from "../world/operator.ts";
import { startWorld, type World } from "../world/world.ts";

const cluster = sharedCluster();
const entry = bundledProgram(cluster);
let world: World;
let operator: Guarded;

beforeAll(async () => {
  await bundleInto(bundleFolder(cluster));
  world = await startWorld(cluster, await newNamespace(cluster, "bundled"));
  operator = await startOperator(cluster, world.keys, world.dir, { entry, image: BUNDLED_IMAGE });
});

afterAll(async () => {
  await operator?.stop(10_000);
  await world?.stop();
});

test("operator, agents and checks are the bundled program, and an update goes the same way", async ({ skip }) => {
  skip(!cluster.owned, "the nodes of somebody's cluster know no image of the bundle: unset ASHAT_TEST_CONTEXT");
  await goesTheMainPath(cluster, world, { entry });
});
