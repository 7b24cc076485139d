import { expect } from "vitest";
import { verifyChain } from "../../src/api/record.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { licenceFor, mainframe, server, update } from "./manifests.ts";
import type { TargetOptions } from "./target.ts";
import type { World } from "./world.ts";

/** An update goes from ALPHA to the mainframes, and every server answers with it afterwards; an operator runs already. */
export async function goesTheMainPath(
  cluster: ClusterAccess,
  world: World,
  at: Pick<TargetOptions, "entry"> = {},
): Promise<void> {
  const { namespace } = world;
  const [alpha, staging, omega, one, two, three] = await Promise.all([
    world.target("alpha", at),
    world.target("staging", at),
    world.target("omega", at),
    world.target("mf-1", { licensed: true, ...at }),
    world.target("mf-2", { licensed: true, ...at }),
    world.target("mf-3", { licensed: true, ...at }),
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
  expect(await Promise.all([alpha, staging, omega, one, two, three].map((place) => place.version()))).toEqual(
    Array.from({ length: 6 }, () => "9.4.2"),
  );
}
