import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FORGED_APPROVALS } from "../attacks/forged-approvals.ts";
import { FORGED_STATE } from "../attacks/forged-state.ts";
import { cleaned, type Closed, delivered, type Ground } from "../attacks/forgery.ts";
import { tableOfForgeries } from "../attacks/table.ts";
import { server, update } from "../world/manifests.ts";
import { openScene } from "../world/scene.ts";

const scene = openScene();
const closed: { readonly name: string; readonly how: Closed }[] = [];

/** An update of `ann` that waits at OMEGA for one person who is not its author. */
const waiting = async (prefix: string): Promise<Ground> => {
  const room = await scene.room(prefix);
  const { namespace } = room;
  const [staging, omega] = [await room.target("staging"), await room.target("omega")];
  await room.apply(
    server(namespace, "Public", staging),
    server(namespace, "Omega", omega, { approval: { required: 1, author: "Deny" } }),
  );
  const release = await scene.world().archives.build({ version: "9.4.2", file: `${prefix}.tgz` });
  await scene.cluster.kubectl(["create", "-f", "-"], {
    as: { user: "ann" },
    stdin: JSON.stringify(update(namespace, "first", release)),
  });
  await room.untilUpdate("first", ({ phase }) => phase === "AwaitingApproval");
  return {
    cluster: scene.cluster,
    client: scene.client(),
    room,
    omega,
    token: async () => (await room.update("first")).status?.token?.value ?? "",
  };
};

let ground: Ground;
beforeAll(async () => {
  const [here] = await Promise.all([waiting("forged"), waiting("elsewhere")]);
  ground = here;
});
afterAll(() => {
  console.info(tableOfForgeries(closed));
});

describe("of an update that one honest approval would deliver, nothing is delivered by", () => {
  test.each(
    [...FORGED_APPROVALS, ...FORGED_STATE].map((forgery, index) => [forgery.name, forgery, `f${index}`] as const),
  )("%s", async (name, { attempt }, slot) => {
    const how = await attempt(ground, slot);
    expect(await delivered(ground)).toEqual([]);
    closed.push({ name, how });
    await cleaned(ground, slot);
  });
});

test("and the honest approval delivers: what was refused before was refused for what it was", async () => {
  await ground.room.act("ben", "first", { verb: "approve", tier: "omega", token: await ground.token() });
  await ground.room.untilUpdate("first", ({ phase }) => phase === "Completed");
  expect(await ground.omega.version()).toBe("9.4.2");
});
