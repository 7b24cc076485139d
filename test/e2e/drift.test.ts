import { readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Condition } from "../../src/api/meta.ts";
import { verifyChain } from "../../src/api/record.ts";
import { until } from "../cluster/until.ts";
import { server, update } from "../world/manifests.ts";
import { activations, movesOf, type Room } from "../world/room.ts";
import { openScene } from "../world/scene.ts";
import type { TargetProcesses } from "../world/target.ts";

const scene = openScene();

/** Long enough for an idle target to be asked again, and no longer than is promised. */
const WITHIN_A_MINUTE = { timeoutMs: 60_000, everyMs: 200 };

const place = ({ root }: TargetProcesses): string => join(root, "default", "main");

/** What an administrator does by hand in a hurry: another release is put in front, past the agent. */
async function switchByHand(at: TargetProcesses, version: string): Promise<void> {
  const release = (await readdir(join(place(at), "releases"))).find((name) => name.endsWith(`-${version}`)) ?? "";
  await symlink(join("releases", release), join(place(at), "by-hand"));
  await rename(join(place(at), "by-hand"), join(place(at), "current"));
}

const drifted = async (room: Room, name: string): Promise<Condition | undefined> =>
  (await room.serverStatus(name)).conditions?.find(({ type }) => type === "Drifted");

/** Two updates pass on the Public server, so that an older release lies there, too. */
async function twoDelivered(prefix: string, extra: object = {}) {
  const room = await scene.room(prefix);
  const { archives } = scene.world();
  const at = await room.target("staging");
  await room.apply(server(room.namespace, "Public", at, extra));
  for (const [name, version] of [
    ["first", "9.4.1"],
    ["second", "9.4.2"],
  ] as const) {
    const release = await archives.build({ version, file: `${prefix}-${version}.tgz` });
    await room.apply(update(room.namespace, name, release));
    await room.untilUpdate(name, ({ tier }) => tier === "omega");
  }
  return { room, at };
}

test.concurrent(
  "what somebody switches by hand is told within a minute, once, and not touched; switched back, it is over",
  async () => {
    const { room, at } = await twoDelivered("flagged");
    const { namespace } = room;
    const moves = movesOf(await room.records("second"));
    await switchByHand(at, "9.4.1");
    const told = await until("the drift is told", () => drifted(room, "staging"), WITHIN_A_MINUTE);
    expect(told).toMatchObject({ status: "True", reason: "NotAsDelivered" });
    expect(told.message).toMatch(
      /^it runs default 9\.4\.1, but 9\.4\.2 was delivered by deployments\.ashat\.raos\.io\/second and passed at .*: it is only told here/,
    );
    const { stdout } = await scene.cluster.kubectl(["get", "asrv", "staging", "-n", namespace]);
    expect(stdout).toMatch(/^NAME +TIER +READY +RUNS +DRIFTED /);
    expect(stdout).toMatch(/staging +Public +True +default 9\.4\.2 +True +.*it runs default 9\.4\.1, but 9\.4\.2/);
    const events = JSON.parse(
      (await scene.cluster.kubectl(["get", "events.events.k8s.io", "-n", namespace, "-o", "json"])).stdout,
    ) as { readonly items: readonly { readonly reason: string; readonly note: string; readonly type: string }[] };
    expect(events.items.filter(({ reason }) => reason === "Drifted")).toMatchObject([
      { type: "Warning", note: told.message },
    ]);

    await switchByHand(at, "9.4.2");
    await until("the drift is over", async () => (await drifted(room, "staging")) === undefined, WITHIN_A_MINUTE);
    expect(movesOf(await room.records("second"))).toEqual(moves);
    expect(activations(await room.agent(at))).toEqual([1, 1]);
  },
);

test.concurrent("that nothing runs any more is drift, too; a new update sets it right", async () => {
  const { room, at } = await twoDelivered("emptied");
  await rm(join(place(at), "current"));
  const told = await until("the drift is told", () => drifted(room, "staging"), WITHIN_A_MINUTE);
  expect(told.message).toMatch(/^nothing its agent switched to runs of default, but 9\.4\.2 was delivered/);

  const release = await scene.world().archives.build({ version: "9.4.3", file: "emptied-9.4.3.tgz" });
  await room.apply(update(room.namespace, "third", release));
  await room.untilUpdate("third", ({ tier }) => tier === "omega");
  await until("the drift is over", async () => (await drifted(room, "staging")) === undefined, WITHIN_A_MINUTE);
  expect(await readlink(join(place(at), "current"))).toMatch(/-9\.4\.3$/);
});

test.concurrent("where the Server says Heal, what was delivered is delivered again, once, and verified", async () => {
  const { room, at } = await twoDelivered("healed", { drift: "Heal" });
  await switchByHand(at, "9.4.1");
  const healed = await until(
    "it is delivered again",
    async () => {
      const moves = movesOf(await room.records("second"));
      return moves.at(-1) === "public Verifying>Passed Verified" && moves.some((move) => move.endsWith("DriftHealed"))
        ? moves
        : undefined;
    },
    WITHIN_A_MINUTE,
  );
  expect(healed.slice(-3)).toEqual([
    "public Passed>Delivering DriftHealed",
    "public Delivering>Verifying Applied",
    "public Verifying>Passed Verified",
  ]);
  expect(await at.version()).toBe("9.4.2");
  await until("the drift is over", async () => (await drifted(room, "staging")) === undefined, WITHIN_A_MINUTE);
  expect(activations(await room.agent(at))).toEqual([1, 1, 1]);
  expect(verifyChain(await room.records("second"))).toEqual([]);
});

test.concurrent("whose update a person has deleted is told and not healed: there is nobody to deliver it", async () => {
  const { room, at } = await twoDelivered("unhealed", { drift: "Heal" });
  await room.run("ann", `kubectl delete deployments.ashat.raos.io/second -n ${room.namespace}`);
  await switchByHand(at, "9.4.1");
  const told = await until("the drift is told", () => drifted(room, "staging"), WITHIN_A_MINUTE);
  expect(told.message).toMatch(/the update that brought it delivers nothing any more, so deliver 9\.4\.2 again/);
  expect(activations(await room.agent(at))).toEqual([1, 1]);
});
