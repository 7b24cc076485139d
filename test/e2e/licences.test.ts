import { expect, test } from "vitest";
import { verifyChain } from "../../src/api/record.ts";
import { licenceFor, mainframe, server, update } from "../world/manifests.ts";
import { activations, movesOf } from "../world/room.ts";
import { openScene } from "../world/scene.ts";

const scene = openScene();

/** The same licence with one byte of what it says changed. */
const changed = (licence: string): string => {
  const [header, payload = "", signature] = licence.split(".");
  const text = Buffer.from(payload, "base64url").toString("utf8").replace("Holder", "holder");
  return [header, Buffer.from(text).toString("base64url"), signature].join(".");
};

test("mainframes without a valid licence wait, each with its reason, the others are delivered, and a valid licence lets the update complete", async () => {
  const room = await scene.room("licence");
  const { namespace } = room;
  const { keys, archives } = scene.world();
  const [staging, omega] = await Promise.all([room.target("staging"), room.target("omega")]);
  const names = ["good", "expired", "of-another", "forged", "without"] as const;
  const [good, expired, other, forged, without] = await Promise.all(
    names.map((name) => room.target(name, { licensed: true })),
  );
  if (!good || !expired || !other || !forged || !without) throw new Error("five mainframes were started");
  const licence = (name: string) => licenceFor(keys, namespace, name);
  const past = { from: new Date(Date.now() - 3 * 86_400_000), until: new Date(Date.now() - 86_400_000) };
  await room.apply(
    server(namespace, "Public", staging),
    server(namespace, "Omega", omega),
    mainframe(namespace, "omega", good, await licence("good")),
    mainframe(namespace, "omega", expired, await licenceFor(keys, namespace, "expired", past)),
    mainframe(namespace, "omega", other, await licence("good")),
    mainframe(namespace, "omega", forged, changed(await licence("forged"))),
    mainframe(namespace, "omega", without, undefined),
    update(namespace, "first", await archives.build({ version: "9.4.2" })),
  );
  await room.approve("ann", "first", "omega");
  const waiting = await room.untilUpdate(
    "first",
    ({ mainframes, blockedBy }) => mainframes === "1/5" && blockedBy !== undefined,
  );
  expect(waiting.blockedBy?.map(({ gate }) => gate)).toEqual(["licence"]);
  const { message = "", command = "" } = waiting.blockedBy?.[0] ?? {};
  expect(message).toContain("LicenceExpired: mainframe expired: ");
  expect(message).toContain("LicenceWrongMainframe: mainframe of-another: ");
  expect(message).toContain("LicenceSignatureInvalid: mainframe forged: ");
  expect(message).toContain("LicenceMissing: mainframe without: ");
  expect(command).toContain(`ashat licence issue --mainframe ${namespace}/`);
  expect(waiting.conditions?.map(({ type }) => type)).toEqual(["Succeeded"]);
  expect((await room.mainframeStatus("expired")).conditions?.find(({ type }) => type === "Ready")).toMatchObject({
    status: "False",
    reason: "LicenceExpired",
  });
  expect(await good.version()).toBe("9.4.2");
  const barred = [expired, other, forged, without];
  expect(await Promise.all(barred.map((at) => at.version()))).toEqual([undefined, undefined, undefined, undefined]);
  expect((await Promise.all(barred.map((at) => room.agent(at)))).map(({ seen }) => seen)).toEqual([[], [], [], []]);

  await room.apply(
    ...(await Promise.all(barred.map(async (at) => mainframe(namespace, "omega", at, await licence(at.name))))),
  );
  await room.untilUpdate("first", ({ phase }) => phase === "Completed");
  const all = [good, ...barred];
  expect(await Promise.all(all.map((at) => at.version()))).toEqual(all.map(() => "9.4.2"));
  expect((await Promise.all(all.map((at) => room.agent(at)))).map(activations)).toEqual(all.map(() => [1]));
  const records = await room.records("first");
  expect(verifyChain(records)).toEqual([]);
  expect(movesOf(records).filter((move) => move.endsWith("NothingLeft"))).toEqual([]);
  expect(records.at(-1)).toMatchObject({ tier: "mainframes", to: "Passed", completes: true });
});
