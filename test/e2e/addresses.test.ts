import { expect, test } from "vitest";
import { server, update } from "../world/manifests.ts";
import { movesOf, type Room } from "../world/room.ts";
import { openScene } from "../world/scene.ts";
import { until } from "../cluster/until.ts";

// The operator of this scene allows 127.0.0.0/8, because everything is on this machine.
const scene = openScene();

const refusedAt = (room: Room, name: string) =>
  until(`server ${name} says that its address is refused`, async () => {
    const ready = (await room.serverStatus(name)).conditions?.find(({ type }) => type === "Ready");
    return ready?.reason === "AddressRefused" ? ready : undefined;
  });

test.concurrent(
  "a server at an address of the machine itself or of its cloud is not asked, and says who can allow it",
  async () => {
    const room = await scene.room("special");
    const { namespace } = room;
    const at = await room.target("staging");
    const CLOUD =
      /^169\.254\.169\.254 is the address where a cloud hands out .*; nothing is sent there\. Whoever administers the namespace corrects the address, or whoever runs the operator allows it with --allow-address 169\.254\.169\.254\/32\.$/;
    await room.apply(
      server(namespace, "Alpha", { ...at, name: "agent-of-a-cloud", agentUrl: "https://0xa9fea9fe:7443" }),
      server(namespace, "Alpha", { ...at, name: "server-of-a-cloud", url: "https://169.254.169.254" }),
      server(namespace, "Alpha", { ...at, name: "loop-6", agentUrl: "https://[::1]:7443" }),
      update(namespace, "first", await scene.world().archives.build({ version: "9.4.2" })),
    );
    const [agent, url, loop] = await Promise.all(
      ["agent-of-a-cloud", "server-of-a-cloud", "loop-6"].map((name) => refusedAt(room, name)),
    );
    expect(agent?.message).toMatch(CLOUD);
    expect(url?.message).toMatch(/^spec\.url: 169\.254\.169\.254 is the address where a cloud/);
    expect(loop?.message).toMatch(/^::1 is a loopback address/);
    const waiting = await room.untilUpdate("first", ({ blockedBy }) => blockedBy?.[0]?.gate === "reachable");
    expect(waiting.message).toMatch(/nothing is sent there/);
    expect(movesOf(await room.records("first"))).toEqual([">Waiting Created"]);
  },
);

test.concurrent(
  "a server that is the API server is not asked, though its address lies in an allowed range",
  async () => {
    const room = await scene.room("api");
    const at = await room.target("staging");
    const { origin } = new URL(scene.cluster.server);
    await room.apply(
      server(room.namespace, "Alpha", { ...at, agentUrl: origin }),
      server(room.namespace, "Public", { ...at, name: "as-url", url: origin }),
    );
    for (const name of ["staging", "as-url"])
      expect((await refusedAt(room, name)).message).toContain(
        "is the API server of this cluster; nothing is sent there",
      );
  },
);

test.concurrent(
  "an archive that lies at an address of a cloud is not fetched: held, and the agent says why",
  async () => {
    const room = await scene.room("archive");
    const { namespace } = room;
    const at = await room.target("staging");
    await room.apply(
      server(namespace, "Public", at),
      update(namespace, "first", {
        version: "9.4.2",
        url: "https://169.254.169.254/ra-9.4.2.tgz",
        sha256: "a".repeat(64),
      }),
    );
    const held = await room.untilUpdate("first", ({ phase }) => phase === "Held");
    expect(held.message).toMatch(
      /The archive was not fetched from https:\/\/169\.254\.169\.254: 169\.254\.169\.254 is the address where a cloud hands out .* allows it in its configuration: fetch: \{allowAddresses: \["169\.254\.169\.254\/32"\]\}/,
    );
  },
);

test.concurrent("the Jobs are told which addresses are allowed, and which are the API server's", async () => {
  const room = await scene.room("jobs");
  const { namespace } = room;
  const at = await room.target("staging");
  await room.apply(
    server(namespace, "Public", at),
    update(namespace, "first", await scene.world().archives.build({ version: "9.4.2" })),
  );
  await room.untilUpdate("first", ({ tier }) => tier === "omega");
  const [job] = await room.jobs();
  const [{ value = "" } = {}] = (job?.spec.template?.spec?.containers?.[0]?.env ?? []) as readonly {
    readonly value?: string;
  }[];
  const { hostname, port } = new URL(scene.cluster.server);
  const { addresses } = JSON.parse(value) as {
    readonly addresses: { readonly allow: readonly string[]; readonly guarded: readonly object[] };
  };
  expect(addresses.allow).toEqual(["127.0.0.0/8"]);
  expect(addresses.guarded).toContainEqual({ address: hostname, port: Number(port) });
});
