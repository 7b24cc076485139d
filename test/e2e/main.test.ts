import { afterAll, beforeAll, expect, test } from "vitest";
import { verifyChain } from "../../src/api/record.ts";
import type { Guarded } from "../cluster/guard.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { licenceFor, mainframe, server, update } from "../world/manifests.ts";
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
  const { namespace } = world;
  const [alpha, staging, omega, one, two, three] = await Promise.all([
    world.target("alpha"),
    world.target("staging"),
    world.target("omega"),
    world.target("mf-1", { licensed: true }),
    world.target("mf-2", { licensed: true }),
    world.target("mf-3", { licensed: true }),
  ]);
  const release = await world.archives.build({ version: "9.4.2" });
  const checks = { checks: { modules: { path: "/api/modules" } } };
  await world.apply(
    server(namespace, "Alpha", alpha, checks),
    server(namespace, "Public", staging, checks),
    server(namespace, "Omega", omega, checks),
    mainframe(namespace, "omega", one, await licenceFor(world.keys, namespace, "mf-1")),
    mainframe(namespace, "omega", two, await licenceFor(world.keys, namespace, "mf-2"), { wave: 2 }),
    mainframe(namespace, "omega", three, await licenceFor(world.keys, namespace, "mf-3"), { wave: 2 }),
    update(namespace, "first", release),
  );
  const waiting = await world.untilUpdate("first", (status) => status.phase === "AwaitingApproval");
  expect(waiting.tier).toBe("omega");
  expect(await staging.version()).toBe("9.4.2");
  expect(await omega.version()).toBeUndefined();
  const command = waiting.blockedBy?.[0]?.command ?? "";
  await cluster.kubectl(command.split(" ").slice(1), { as: { user: "ann", groups: ["system:masters"] } });
  await world.untilUpdate("first", (status) => status.phase === "Completed");
  const records = await world.records("first");
  expect(verifyChain(records)).toEqual([]);
  const delivered = records.filter((record) => record.to === "Delivering");
  expect(
    delivered.map((record) => [
      record.tier,
      record.targets?.map(({ name }) => name),
      record.approvals?.map(({ user }) => user),
    ]),
  ).toEqual([
    ["alpha", ["alpha"], undefined],
    ["public", ["staging"], undefined],
    ["omega", ["omega"], ["ann"]],
    ["mainframes", ["mf-1"], undefined],
    ["mainframes", ["mf-2", "mf-3"], undefined],
  ]);
  expect(await Promise.all([alpha, staging, omega, one, two, three].map((at) => at.version()))).toEqual(
    Array.from({ length: 6 }, () => "9.4.2"),
  );
});
