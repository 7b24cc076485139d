import { expect, test } from "vitest";
import { verifyChain } from "../../src/api/record.ts";
import type { DeploymentStatus } from "../../src/api/deployment.ts";
import { licenceFor, mainframe, server, update } from "../world/manifests.ts";
import { activations, movesOf, type Room } from "../world/room.ts";
import { openScene } from "../world/scene.ts";

const scene = openScene();

const tokenOf = (status: DeploymentStatus, tier: string): string =>
  status.tiers?.find(({ name }) => name === tier)?.token ?? "";

/** Staging, OMEGA and two mainframes in two waves, at 9.4.1 and then at 9.4.2. */
async function atTwo(room: Room) {
  const { namespace } = room;
  const { archives, keys } = scene.world();
  const [old, next] = [await archives.build({ version: "9.4.1" }), await archives.build({ version: "9.4.2" })];
  const [staging, omega, one, two] = [
    await room.target("staging"),
    await room.target("omega"),
    await room.target("cust-1", { licensed: true }),
    await room.target("cust-2", { licensed: true }),
  ];
  await room.apply(
    server(namespace, "Public", staging),
    server(namespace, "Omega", omega),
    mainframe(namespace, "omega", one, await licenceFor(keys, namespace, "cust-1")),
    mainframe(namespace, "omega", two, await licenceFor(keys, namespace, "cust-2"), { wave: 2 }),
    update(namespace, "old", old),
  );
  await room.approve("ann", "old", "omega");
  await room.untilUpdate("old", ({ phase }) => phase === "Completed");
  await room.apply(update(namespace, "next", next));
  await room.approve("ann", "next", "omega");
  const status = await room.untilUpdate("next", ({ phase }) => phase === "Completed");
  return { namespace, next, status, staging, omega, one, two };
}

test.concurrent(
  "a completed update is rolled back: its mainframes first, then OMEGA, and Git bringing it again moves nothing",
  async () => {
    const room = await scene.room("back");
    const { namespace, next, status, staging, omega, one, two } = await atTwo(room);
    const token = tokenOf(status, "omega");
    await expect(room.act("mallory", "next", { verb: "rollback", tier: "omega", token })).rejects.toThrow("rollback");
    await room.act("ben", "next", { verb: "rollback", tier: "omega", token, reason: "orders are lost" });
    const end = await room.untilUpdate("next", ({ phase }) => phase === "RolledBack");
    expect(end.message).toContain("omega runs 9.4.1 again (ben asked to roll omega back: orders are lost)");
    expect(await Promise.all([staging, omega, one, two].map((at) => at.version()))).toEqual([
      "9.4.2",
      "9.4.1",
      "9.4.1",
      "9.4.1",
    ]);
    const records = await room.records("next");
    expect(verifyChain(records)).toEqual([]);
    expect(records.find(({ reason }) => reason === "RollbackAsked")).toMatchObject({
      tier: "omega",
      actor: { name: "ben", known: "Admission" },
    });
    const restored = records.filter(({ to }) => to === "RolledBack");
    expect(restored.map(({ targets }) => targets?.map(({ name }) => name))).toEqual([
      ["cust-2"],
      ["cust-1"],
      ["omega"],
    ]);
    for (const at of [omega, one, two]) expect(activations(await room.agent(at))).toEqual([1, 1, 1]);
    expect((await room.serverStatus("omega")).apps?.[0]).toMatchObject({ sequence: 3, version: "9.4.1" });
    expect((await room.serverStatus("omega")).apps?.[0]?.claim).toBeUndefined();

    await room.apply(update(namespace, "again", next));
    const again = await room.untilUpdate("again", ({ phase }) => phase === "AwaitingApproval");
    expect(again.tier).toBe("public");
    expect(await omega.version()).toBe("9.4.1");
  },
);

test.concurrent("a mainframe that is away keeps its standing order, and is put back when it comes", async () => {
  const room = await scene.room("away");
  const { status, omega, one, two } = await atTwo(room);
  await two.killAgent();
  await room.act("ben", "next", { verb: "rollback", tier: "mainframes", token: tokenOf(status, "mainframes") });
  const waiting = await room.untilUpdate("next", ({ blockedBy }) => blockedBy?.[0]?.gate === "reachable");
  expect(waiting).toMatchObject({ phase: "RollingBack", tier: "mainframes" });
  expect(waiting.message).toContain("mainframe cust-2 does not answer, its restore is a standing order");
  expect(await one.version()).toBe("9.4.2");
  await two.startAgent();
  await room.untilUpdate("next", ({ phase }) => phase === "RolledBack");
  expect(await Promise.all([omega, one, two].map((at) => at.version()))).toEqual(["9.4.2", "9.4.1", "9.4.1"]);
  expect(activations(await room.agent(two))).toEqual([1, 1, 1]);
});

test.concurrent("what fails its checks on OMEGA is put back by itself, and the evidence stays", async () => {
  const room = await scene.room("fails");
  const { namespace } = room;
  const { archives } = scene.world();
  const wrong = await archives.build({ version: "9.4.3" });
  const old = await archives.build({ version: "9.4.1" });
  const [staging, omega] = [await room.target("staging"), await room.target("omega")];
  // What only 9.4.1 answers.
  const expected = { json: [{ pointer: "/version", equals: "9.4.1" }] };
  const checks = { checks: { api: { requests: [{ name: "greeting", path: "/api/greeting", expect: expected }] } } };
  await room.apply(
    server(namespace, "Public", staging),
    server(namespace, "Omega", omega, checks),
    update(namespace, "old", old),
  );
  await room.approve("ann", "old", "omega");
  await room.untilUpdate("old", ({ phase }) => phase === "Completed");
  await room.apply(update(namespace, "wrong", wrong));
  await room.approve("ann", "wrong", "omega");
  const end = await room.untilUpdate("wrong", ({ phase }) => phase === "RolledBack");
  expect(end.message).toContain("omega runs 9.4.1 again");
  expect(await Promise.all([staging.version(), omega.version()])).toEqual(["9.4.3", "9.4.1"]);
  const records = await room.records("wrong");
  expect(movesOf(records).slice(-3)).toEqual([
    "omega Verifying>Held VerificationFailed",
    "omega Held>RollingBack RestoreOnFailure",
    "omega RollingBack>RolledBack Restored",
  ]);
  expect(records.find(({ reason }) => reason === "VerificationFailed")?.evidence?.length).toBeGreaterThan(0);
});
