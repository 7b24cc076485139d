import { afterAll, expect, test } from "vitest";
import type { DeploymentStatus } from "../../src/api/deployment.ts";
import { annotating, type Closed, delivered, type Ground, ignored, refused } from "../attacks/forgery.ts";
import { tableOfForgeries } from "../attacks/table.ts";
import { until } from "../cluster/until.ts";
import { server, update } from "../world/manifests.ts";
import { movesOf } from "../world/room.ts";
import { openScene } from "../world/scene.ts";

const scene = openScene();
const closed: { readonly name: string; readonly how: Closed }[] = [];
afterAll(() => console.info(tableOfForgeries(closed)));

/** Says how it was closed, once it is sure that nothing moved at OMEGA. */
const close = async (ground: Ground, name: string, how: Closed): Promise<void> => {
  expect(await delivered(ground)).toEqual([]);
  closed.push({ name, how });
};

const APPROVAL = { required: 2 };

/** An update of mallory that waits at OMEGA for two people; `ann` has approved it. */
const half = async (prefix: string, approval: object = APPROVAL) => {
  const room = await scene.room(prefix);
  const { namespace } = room;
  const [staging, omega] = [await room.target("staging"), await room.target("omega")];
  const release = await scene.world().archives.build({ version: "9.4.2", file: `${prefix}.tgz` });
  await room.apply(server(namespace, "Public", staging), server(namespace, "Omega", omega, { approval }));
  const made = JSON.stringify(update(namespace, "first", release));
  const make = () => scene.cluster.kubectl(["create", "-f", "-"], { as: { user: "mallory" }, stdin: made });
  await make();
  await room.untilUpdate("first", ({ phase }) => phase === "AwaitingApproval");
  const token = async (): Promise<string> => (await room.update("first")).status?.token?.value ?? "";
  const ground: Ground = { cluster: scene.cluster, client: scene.client(), room, omega, token };
  const old = await token();
  const approve = (who: string, slot: string, named = old) =>
    room.act(who, "first", { verb: "approve", tier: "omega", slot, token: named });
  const untilSaid = (words: string) =>
    room.untilUpdate("first", ({ blockedBy }) => blockedBy?.some(({ message }) => message.includes(words)) === true);
  return { ground, room, namespace, staging, omega, release, make, old, approve, untilSaid };
};

const gate = ({ blockedBy = [] }: DeploymentStatus): string => blockedBy.map(({ message }) => message).join("; ");

test.concurrent("one person is not two, and a stamp cannot be turned into a second one", async () => {
  const { ground, room, old, approve, untilSaid } = await half("two");
  await approve("ann", "one");
  await untilSaid("omega waits for 1 more approval");
  await approve("ann", "two");
  await close(
    ground,
    "one person in two slots",
    await ignored(ground, "approve.ashat.raos.io/omega.two does not count: one person counts once"),
  );
  await approve("ann", "three", `${old} under another reason`);
  await close(
    ground,
    "one person in three slots, with another reason",
    await ignored(ground, "approve.ashat.raos.io/omega.three does not count: one person counts once"),
  );

  const stamps = async (): Promise<Readonly<Record<string, string>>> =>
    (await room.update("first")).metadata.annotations ?? {};
  const stamp = "by.ashat.raos.io/approve.omega.two";
  for (const [name, word] of [
    ["a stamp changed to ben", `${stamp}=ben`],
    ["a stamp removed", `${stamp}-`],
    ["the author changed", "by.ashat.raos.io/author=somebody"],
  ] as const) {
    await scene.cluster.kubectl(annotating(ground, word), { as: { user: "mallory" } });
    expect(await stamps()).toMatchObject({ [stamp]: "ann", "by.ashat.raos.io/author": "mallory" });
    await close(ground, name, { by: "API server", said: "put back as it was" });
  }
  await close(
    ground,
    "an approval of ann's copied into another slot",
    await refused(
      ground,
      "mallory",
      annotating(ground, `approve.ashat.raos.io/omega.four=${old}`),
      "mallory may not approve on tier omega",
    ),
  );
  await scene.cluster.kubectl(annotating(ground, `approve.ashat.raos.io/omega.one=${old}`), { as: { user: "ben" } });
  expect(await stamps()).toMatchObject({ "by.ashat.raos.io/approve.omega.one": "ann" });
  await close(ground, "ann's words said again by ben, for a second person", {
    by: "operator",
    said: gate((await room.update("first")).status ?? {}).slice(0, 60),
  });
});

test.concurrent(
  "what was approved is not what stands there any more: the server changed, then another of its name",
  async () => {
    const { ground, room, namespace, omega, old, approve, untilSaid } = await half("swapped");
    await approve("ann", "one");
    await untilSaid("omega waits for 1 more approval");
    await room.apply(server(namespace, "Omega", omega, { approval: APPROVAL, checks: { health: { path: "/other" } } }));
    await untilSaid("because targets changed");
    await approve("ben", "two", old);
    await close(
      ground,
      "OMEGA changed after the approval",
      await ignored(ground, "approve.ashat.raos.io/omega.two does not count: it names"),
    );

    const between = await ground.token();
    await approve("ann", "one", between);
    await scene.cluster.kubectl(["delete", "servers.ashat.raos.io/omega", "-n", namespace]);
    await room.apply(server(namespace, "Omega", omega, { approval: APPROVAL, checks: { health: { path: "/other" } } }));
    await until("the token is another one", async () => ![old, between, ""].includes(await ground.token()));
    await approve("ben", "two", between);
    await close(
      ground,
      "OMEGA deleted and made again under its name",
      await ignored(ground, `approve.ashat.raos.io/omega.two does not count: it names ${between}`),
    );
  },
);

test.concurrent("an update deleted and made again under its name is another one", async () => {
  const { ground, room, make, old, approve, untilSaid } = await half("again");
  await approve("ann", "one");
  await untilSaid("omega waits for 1 more approval");
  const before = await room.update("first");
  await scene.cluster.kubectl(["delete", "deployments.ashat.raos.io/first", "-n", room.namespace], {
    as: { user: "mallory" },
  });
  const again = {
    apiVersion: "ashat.raos.io/v1alpha1",
    kind: "Deployment",
    metadata: { name: "first", namespace: room.namespace, annotations: before.metadata.annotations },
    spec: before.spec,
  };
  await close(
    { ...ground, room: { ...room, records: () => Promise.resolve([]) } },
    "deleted and made again with its approvals",
    await refused(ground, "mallory", ["create", "-f", "-"], "mallory may not approve on tier omega", {
      stdin: JSON.stringify(again),
    }),
  );
  await make();
  await room.untilUpdate("first", ({ phase, tier }) => phase === "AwaitingApproval" && tier === "omega");
  await approve("ann", "one", old);
  await approve("ben", "two", old);
  await close(
    ground,
    "the tokens of the one before it",
    await ignored(ground, `approve.ashat.raos.io/omega.two does not count: it names ${old}`),
  );
});

test.concurrent("a program that made the update leaves nobody who may be its approver", async () => {
  const { ground, room, namespace, release } = await half("bot", { required: 1, author: "Deny" });
  const bot = `system:serviceaccount:${namespace}:bot`;
  await scene.cluster.kubectl(["create", "serviceaccount", "bot", "-n", namespace]);
  await scene.cluster.kubectl([
    "create",
    "rolebinding",
    "bot",
    "--clusterrole=ashat-editor",
    `--serviceaccount=${namespace}:bot`,
    "-n",
    namespace,
  ]);
  await scene.cluster.kubectl(["delete", "deployments.ashat.raos.io/first", "-n", namespace]);
  await scene.cluster.kubectl(["create", "-f", "-"], {
    as: { user: bot },
    stdin: JSON.stringify(update(namespace, "first", release)),
  });
  await room.untilUpdate("first", ({ phase, tier }) => phase === "AwaitingApproval" && tier === "omega");
  await room.act("ann", "first", { verb: "approve", tier: "omega", slot: "one", token: await ground.token() });
  await close(
    ground,
    "an update made by a program, where no author may approve",
    await ignored(ground, "lets no author approve, and who the author is cannot be known behind"),
  );
});

test.concurrent(
  "what was cancelled stays so, and its artifact under another name asks for people everywhere",
  async () => {
    const { ground, room, namespace, staging, release, old, approve } = await half("cancelled");
    const publicToken = (await room.update("first")).status?.tiers?.find(({ name }) => name === "public")?.token ?? "";
    await room.act("ann", "first", { verb: "cancel", tier: "omega", token: old });
    await room.untilUpdate("first", ({ phase }) => phase === "Cancelled");
    await approve("ann", "one");
    await approve("ben", "two");
    const end = ["omega Waiting>Cancelled CancelAsked"];
    const how = await ignored(
      ground,
      "approve.ashat.raos.io/omega.two does nothing: the update has ended as Cancelled",
    );
    expect(await delivered(ground)).toEqual(end);
    closed.push({ name: "two approvals after the cancel", how });

    await room.apply(update(namespace, "second", release));
    await room.untilUpdate("second", ({ phase, tier }) => phase === "AwaitingApproval" && tier === "public");
    await room.act("ann", "second", { verb: "approve", tier: "public", slot: "one", token: publicToken });
    const again = await ignored(ground, `does not count: it names ${publicToken}`, "second");
    expect(movesOf(await room.records("second"))).toEqual(["> Waiting Created".replace("> ", ">")]);
    expect(await delivered(ground)).toEqual(end);
    closed.push({ name: "a cancelled artifact brought again, with the token of the first time", how: again });
    expect(await staging.version()).toBe("9.4.2");
  },
);
