import { expect, test } from "vitest";
import { verifyChain } from "../../src/api/record.ts";
import { server, update } from "../world/manifests.ts";
import { movesOf } from "../world/room.ts";
import { openScene } from "../world/scene.ts";

const scene = openScene();
const ref = (name: string): string => `deployments.ashat.raos.io/${name}`;

test.concurrent(
  "an update that comes before its servers waits for each by name, and goes on when it appears",
  async () => {
    const room = await scene.room("late");
    const { namespace } = room;
    await room.apply(update(namespace, "first", await scene.world().archives.build({ version: "9.4.2" })));
    const lonely = await room.untilUpdate("first", ({ blockedBy }) => blockedBy?.[0]?.gate === "references");
    expect(lonely).toMatchObject({ phase: "Waiting", tier: "public" });
    expect(lonely.message).toContain(
      `Public Server not configured: namespace ${namespace} has no Server of tier Public: kubectl create -f -`,
    );
    const staging = await room.target("staging");
    await room.apply(server(namespace, "Public", staging));
    const halfway = await room.untilUpdate(
      "first",
      ({ tier, blockedBy }) => tier === "omega" && blockedBy !== undefined,
    );
    expect(halfway.message).toContain("OMEGA Server not configured");
    expect(await staging.version()).toBe("9.4.2");
    const omega = await room.target("omega");
    await room.apply(server(namespace, "Omega", omega));
    await room.approve("ann", "first", "omega");
    await room.untilUpdate("first", ({ phase }) => phase === "Completed");
    expect(await omega.version()).toBe("9.4.2");
    expect(verifyChain(await room.records("first"))).toEqual([]);
  },
);

test.concurrent("of two updates for one server one waits, names the other, and follows it in order", async () => {
  const room = await scene.room("two");
  const { namespace } = room;
  const { archives } = scene.world();
  const [first, second] = [
    await archives.build({ version: "9.4.2", file: "two-1.tgz" }),
    await archives.build({ version: "9.4.3", file: "two-2.tgz" }),
  ];
  const release = archives.hold(first.file);
  const [staging, omega] = [await room.target("staging"), await room.target("omega")];
  await room.apply(
    server(namespace, "Public", staging),
    server(namespace, "Omega", omega),
    update(namespace, "first", first),
  );
  await room.untilUpdate("first", ({ phase }) => phase === "Delivering");
  await room.apply(update(namespace, "second", second));
  const waiting = await room.untilUpdate("second", ({ blockedBy }) => blockedBy?.[0]?.gate === "claim");
  expect(waiting.message).toContain(`staging is taken by ${ref("first")}`);
  expect(waiting.message).toContain(`kubectl get ${ref("first")} -n ${namespace}`);
  release();
  await room.untilUpdate("second", ({ tier }) => tier === "omega");
  expect(await staging.version()).toBe("9.4.3");
  expect((await room.agent(staging)).activations.map(({ key, count }) => [key.split(".").at(-1), count])).toEqual([
    ["1", 1],
    ["2", 1],
  ]);
  // The older one waits for approval there, and nobody needs to give it any more.
  const late = await room.untilUpdate("first", ({ phase }) => phase === "Superseded");
  expect(late.message).toContain(`${ref("second")} is newer (9.4.3), verified, and has come as far`);
  await room.approve("ann", "second", "omega");
  await room.untilUpdate("second", ({ phase }) => phase === "Completed");
  expect(await omega.version()).toBe("9.4.3");
  expect((await room.agent(omega)).activations).toHaveLength(1);
  expect((await room.serverStatus("staging")).apps?.[0]).toMatchObject({ sequence: 2, version: "9.4.3" });
});

test.concurrent("a newer update waiting for the server goes on when the one before it is held there", async () => {
  const room = await scene.room("yield");
  const { namespace } = room;
  const { archives } = scene.world();
  const [broken, good] = [
    await archives.build({ version: "9.4.2", file: "yield-1.tgz" }),
    await archives.build({ version: "9.4.3", file: "yield-2.tgz" }),
  ];
  const release = archives.hold(broken.file);
  const staging = await room.target("staging");
  await room.apply(
    server(namespace, "Public", staging),
    update(namespace, "broken", { ...broken, sha256: "0".repeat(64) }),
  );
  await room.untilUpdate("broken", ({ phase }) => phase === "Delivering");
  await room.apply(update(namespace, "good", good));
  await room.untilUpdate("good", ({ blockedBy }) => blockedBy?.[0]?.gate === "claim");
  release();
  await room.untilUpdate("good", ({ tier }) => tier === "omega");
  expect(await staging.version()).toBe("9.4.3");
  const superseded = await room.untilUpdate("broken", ({ phase }) => phase === "Superseded");
  expect(superseded.message).toContain(ref("good"));
  expect(verifyChain(await room.records("broken"))).toEqual([]);
});

test.concurrent(
  "an update made again where everything runs it already is verified, not delivered and not approved; older and other ones are turned away",
  async () => {
    const room = await scene.room("again");
    const { namespace } = room;
    const { archives } = scene.world();
    const release = await archives.build({ version: "9.4.2", file: "again.tgz" });
    const [staging, omega] = [await room.target("staging"), await room.target("omega")];
    await room.apply(
      server(namespace, "Public", staging),
      server(namespace, "Omega", omega),
      update(namespace, "first", release),
    );
    await room.approve("ann", "first", "omega");
    await room.untilUpdate("first", ({ phase }) => phase === "Completed");
    const before = [await room.agent(staging), await room.agent(omega)].map(({ activations, seen }) => ({
      activations,
      seen,
    }));
    const fetched = archives.fetched.get(release.file);

    const [older, other] = [
      await archives.build({ version: "9.4.1", file: "older.tgz" }),
      await archives.build({ version: "9.4.2", file: "other.tgz", delayMs: 1 }),
    ];
    await room.apply(
      update(namespace, "rebuilt", release),
      update(namespace, "older", older),
      update(namespace, "other", other),
    );
    await room.untilUpdate("rebuilt", ({ phase }) => phase === "Completed");
    const rebuilt = await room.records("rebuilt");
    expect(movesOf(rebuilt).filter((move) => move.includes("Waiting>"))).toEqual([
      "public Waiting>Verifying AlreadyThere",
      "omega Waiting>Verifying AlreadyThere",
      "mainframes Waiting>Passed NoTargets",
    ]);
    expect(rebuilt.flatMap(({ evidence = [] }) => evidence.map(({ verdict }) => verdict))).toEqual([
      "Passed",
      "Passed",
    ]);

    const superseded = await room.untilUpdate("older", ({ phase }) => phase === "Superseded");
    expect(superseded.message).toContain("runs 9.4.2, which is newer than 9.4.1");
    const refused = await room.untilUpdate("other", ({ phase }) => phase === "Refused");
    expect(refused.message).toContain(
      "runs 9.4.2 already, with another artifact: a version is used once, push this under a new one",
    );
    expect(refused.conditions?.find(({ type }) => type === "Stalled")?.status).toBe("True");

    expect(
      [await room.agent(staging), await room.agent(omega)].map(({ activations, seen }) => ({ activations, seen })),
    ).toEqual(before);
    expect([
      archives.fetched.get(release.file),
      archives.fetched.get(older.file),
      archives.fetched.get(other.file),
    ]).toEqual([fetched, undefined, undefined]);
  },
);
