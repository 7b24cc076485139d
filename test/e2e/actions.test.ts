import { expect, test } from "vitest";
import { voidApprovals } from "../../src/controllers/void-approvals.ts";
import { verifyChain } from "../../src/api/record.ts";
import { until } from "../cluster/until.ts";
import { untilPoliciesInForce } from "../cluster/install.ts";
import { server, update } from "../world/manifests.ts";
import { activations, movesOf, type Room } from "../world/room.ts";
import { openScene } from "../world/scene.ts";

const scene = openScene();

/** An update that has passed Public and waits for two people at OMEGA. */
const atOmega = async (prefix: string) => {
  const room = await scene.room(prefix);
  const { namespace } = room;
  const [staging, omega] = [await room.target("staging"), await room.target("omega")];
  const two = { approval: { required: 2 } };
  await room.apply(
    server(namespace, "Public", staging),
    server(namespace, "Omega", omega, two),
    update(namespace, "first", await scene.world().archives.build({ version: "9.4.2" })),
  );
  const waiting = await room.untilUpdate("first", ({ phase }) => phase === "AwaitingApproval");
  return { room, omega, two, waiting };
};

const gateOf = async (room: Room, hope: (message: string) => boolean) => {
  const status = await room.untilUpdate("first", ({ blockedBy }) =>
    hope(blockedBy?.find(({ gate }) => gate === "approvals")?.message ?? ""),
  );
  return { status, message: status.blockedBy?.find(({ gate }) => gate === "approvals")?.message ?? "" };
};

test.concurrent(
  "approvals count for distinct people who may, under the token that stands; what changed is named",
  async () => {
    const { room, omega, two, waiting } = await atOmega("approve");
    const { namespace } = room;
    expect(waiting).toMatchObject({ tier: "omega", approval: "0/2" });
    const command = waiting.blockedBy?.[0]?.command ?? "";
    const stale = waiting.token?.value ?? "";
    const before = movesOf(await room.records("first"));

    await expect(room.run("mallory", command)).rejects.toThrow(/mallory may not approve on tier omega/);

    await room.run("ann", command);
    await gateOf(room, (message) => message.startsWith("omega waits for 1 more approval"));
    await room.act("ann", "first", { verb: "approve", tier: "omega", slot: "again", token: stale });
    await until("both approvals of ann are seen", async () => {
      const { metadata, status } = await room.update("first");
      return metadata.annotations?.["by.ashat.raos.io/approve.omega.again"] === "ann" && status?.approval === "1/2";
    });
    expect(movesOf(await room.records("first"))).toEqual(before);

    await room.apply(server(namespace, "Omega", omega, { ...two, checks: { health: { path: "/healthz" } } }));
    const { status, message } = await gateOf(room, (text) => text.includes("TokenMismatch"));
    expect(message).toContain(
      `omega waits for 2 more approvals; the approval of ann does not count: TokenMismatch: it names ${stale}, and the token is ${status.token?.value}, because targets changed`,
    );
    expect(await omega.version()).toBeUndefined();
    expect(movesOf(await room.records("first"))).toEqual(before);

    await room.approve("ann", "first", "omega");
    await gateOf(room, (text) => text.startsWith("omega waits for 1 more approval"));
    await room.approve("ben", "first", "omega");
    await room.untilUpdate("first", ({ phase }) => phase === "Completed");
    const records = await room.records("first");
    expect(
      records.find(({ reason }) => reason === "Approved")?.approvals?.map(({ user, token }) => [user, token]),
    ).toEqual([
      ["ann", status.token?.value],
      ["ben", status.token?.value],
    ]);
    expect(verifyChain(records)).toEqual([]);
    expect(activations(await room.agent(omega))).toEqual([1]);
  },
);

test.concurrent(
  "an update cancelled before any effect has ended, and its artifact then needs an approval on every tier under any name",
  async () => {
    const room = await scene.room("cancel");
    const { namespace } = room;
    const release = await scene.world().archives.build({ version: "9.4.2", file: "cancel.tgz" });
    await room.apply(update(namespace, "first", release));
    const { token } = await room.untilUpdate("first", ({ phase }) => phase === "Waiting");
    await room.act("ann", "first", {
      verb: "cancel",
      tier: "public",
      token: token?.value ?? "",
      reason: "the wrong file",
    });
    const cancelled = await room.untilUpdate("first", ({ phase }) => phase === "Cancelled");
    expect(cancelled.message).toBe("ann cancelled it before anything was delivered to public: the wrong file");
    expect(cancelled.conditions?.map(({ type, status }) => [type, status])).toEqual([["Succeeded", "False"]]);
    expect(scene.world().archives.fetched.get(release.file)).toBeUndefined();

    const staging = await room.target("staging");
    await room.apply(server(namespace, "Public", staging), update(namespace, "second", release));
    const waiting = await room.untilUpdate("second", ({ phase }) => phase === "AwaitingApproval");
    expect(waiting).toMatchObject({ tier: "public", approval: "0/1" });
    expect(await staging.version()).toBeUndefined();
    await room.approve("ann", "second", "public");
    await room.untilUpdate("second", ({ tier }) => tier === "omega");
    expect(await staging.version()).toBe("9.4.2");
    expect((await room.records("second")).find(({ to }) => to === "Delivering")?.approvals).toMatchObject([
      { user: "ann" },
    ]);
  },
);

test.concurrent("a Deployment that is deleted on the way lets go what it held, and its chain says so", async () => {
  const room = await scene.room("gone");
  const { namespace } = room;
  const release = await scene.world().archives.build({ version: "9.4.2", file: "gone.tgz" });
  const staging = await room.target("staging");
  const wire = await room.wire(staging.url, staging);
  wire.set("hang");
  await room.apply(server(namespace, "Public", { ...staging, url: wire.url }), update(namespace, "first", release));
  await until("the check asks the server", () => wire.came.length > 0, { timeoutMs: 60_000 });
  const { uid } = (await room.update("first")).metadata;
  expect((await room.serverStatus("staging")).apps?.[0]?.claim?.uid).toBe(uid);
  await scene.cluster.kubectl(["delete", "deployments.ashat.raos.io/first", "-n", namespace]);
  await until("the claim is let go", async () => (await room.serverStatus("staging")).apps?.[0]?.claim === undefined);
  await until("the Job is gone", async () => (await room.jobs()).length === 0, { timeoutMs: 60_000 });
  const records = await until("the chain says so", async () => {
    const all = await room.records("first", uid);
    return all.at(-1)?.to === "Deleted" ? all : undefined;
  });
  expect(records.at(-1)).toMatchObject({
    reason: "DeploymentDeleted",
    message: "the Deployment was deleted: what was delivered stays where it is",
  });
  expect(verifyChain(records)).toEqual([]);
  expect(await staging.version()).toBe("9.4.2");

  // Made again from Git under its name, it is another one with a chain of its own, and what is there is only verified.
  wire.set("pass");
  await room.apply(update(namespace, "first", release));
  await room.untilUpdate("first", ({ tier }) => tier === "omega");
  expect(movesOf(await room.records("first"))).toContain("public Waiting>Verifying AlreadyThere");
  expect(activations(await room.agent(staging))).toEqual([1]);
});

// The last, because policies are the cluster's.
test("without the admission policies a gated tier stops within ten seconds, whoever approves; restored, it goes on under a new token", async () => {
  const { room, omega } = await atOmega("policies");
  const { cluster } = scene;
  await room.approve("ann", "first", "omega");
  await gateOf(room, (message) => message.startsWith("omega waits for 1 more approval"));
  const before = movesOf(await room.records("first"));
  try {
    await cluster.kubectl(["delete", "validatingadmissionpolicybinding", "ashat-actions"]);
    const stopped = await room.untilUpdate("first", ({ blockedBy }) => blockedBy?.[0]?.gate === "policies", {
      timeoutMs: 10_000,
    });
    expect(stopped.blockedBy?.[0]?.message).toMatch(/^approvals cannot be trusted now: /);
    expect(stopped.message).toContain("a cluster administrator");
    await until("the server says so", async () =>
      (await room.serverStatus("omega")).conditions?.some(
        ({ type, status }) => type === "ApprovalGateEnforced" && status === "False",
      ),
    );
    // Two people stand for it, and nobody can tell any more whether they are who they say.
    const token = stopped.token?.value ?? "";
    await room.act("ann", "first", { verb: "approve", tier: "omega", token });
    await room.act("ben", "first", { verb: "approve", tier: "omega", slot: "2", token });
    await until("both are seen", async () => (await room.update("first")).status?.approval === "2/2");
    expect(movesOf(await room.records("first"))).toEqual(before);
    expect(await omega.version()).toBeUndefined();
  } finally {
    await cluster.kubectl(["apply", "-f", new URL("../../manifests/policies.yaml", import.meta.url).pathname]);
    await untilPoliciesInForce(cluster);
  }
  await gateOf(room, (message) => message.includes("TokenMismatch") && message.includes("because policies changed"));
  expect(await voidApprovals(scene.client())).toContainEqual({
    update: `${room.namespace}/first`,
    tier: "omega",
    people: ["ann", "ben"],
    because: "policies",
  });
  expect(
    (await room.serverStatus("omega")).conditions?.find(({ type }) => type === "ApprovalGateEnforced")?.status,
  ).toBe("True");
  for (const person of ["ann", "ben"]) {
    const { blockedBy = [] } = await room.untilUpdate("first", ({ phase }) => phase === "AwaitingApproval");
    await room.run(person, blockedBy[0]?.command ?? "");
    await room.untilUpdate("first", ({ approval, phase }) => approval === "1/2" || phase !== "AwaitingApproval");
  }
  await room.untilUpdate("first", ({ phase }) => phase === "Completed");
  expect(await omega.version()).toBe("9.4.2");
  expect(verifyChain(await room.records("first"))).toEqual([]);
});
