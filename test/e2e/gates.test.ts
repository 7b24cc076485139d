import { expect, test } from "vitest";
import { verifyChain } from "../../src/api/record.ts";
import { server, update } from "../world/manifests.ts";
import { activations, movesOf } from "../world/room.ts";
import { openScene } from "../world/scene.ts";

const scene = openScene();
const ref = (name: string): string => `deployments.ashat.raos.io/${name}`;

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

/** A window that is shut for days, whenever the test runs. */
const inThreeDays = (): object => ({
  days: [DAYS[(new Date().getUTCDay() + 3) % 7]],
  from: "02:00",
  to: "04:00",
  timeZone: "Europe/Berlin",
});

interface EventSeen {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly name: string };
}

test.concurrent(
  "an approved update waits for its window, and an override opens it: with a reason, a record that names who, and one warning",
  async () => {
    const room = await scene.room("window");
    const { namespace } = room;
    const [staging, omega] = [await room.target("staging"), await room.target("omega")];
    await room.apply(
      server(namespace, "Public", staging),
      server(namespace, "Omega", omega, { windows: [inThreeDays()] }),
      update(namespace, "first", await scene.world().archives.build({ version: "9.4.2" })),
    );
    await room.approve("ann", "first", "omega");
    const waiting = await room.untilUpdate(
      "first",
      ({ blockedBy }) => blockedBy?.map(({ gate }) => gate).join() === "window",
    );
    const gate = waiting.blockedBy?.[0];
    expect(gate?.message).toContain("server omega takes deliveries in its windows only; the next one opens");
    expect(Date.parse(gate?.clearsAt ?? "")).toBeGreaterThan(Date.now());
    expect(await omega.version()).toBeUndefined();

    const token = waiting.token?.value ?? "";
    const action = { verb: "override", tier: "omega", token } as const;
    await expect(room.act("ann", "first", action)).rejects.toThrow(/override needs a reason/);
    await expect(room.act("mallory", "first", { ...action, reason: "let me" })).rejects.toThrow(
      /mallory may not override on tier omega/,
    );
    await room.act("ben", "first", { ...action, slot: "wrong", token: "0".repeat(16), reason: "now" });
    await room.untilUpdate(
      "first",
      ({ conditions }) =>
        conditions?.some(
          ({ type, message }) => type === "ActionIgnored" && message.includes("names 0000000000000000"),
        ) === true,
    );
    expect(await omega.version()).toBeUndefined();

    await room.act("ben", "first", { ...action, reason: "the shop is down" });
    await room.untilUpdate("first", ({ phase }) => phase === "Completed");
    const records = await room.records("first");
    expect(records.find(({ overrides }) => overrides !== undefined)).toMatchObject({
      tier: "omega",
      to: "Delivering",
      reason: "Approved",
      approvals: [{ user: "ann" }],
      overrides: [{ user: "ben", reason: "the shop is down", gates: ["window"] }],
      actor: { name: "ann, ben", known: "Admission" },
    });
    expect(verifyChain(records)).toEqual([]);
    expect(activations(await room.agent(omega))).toEqual([1]);
    const { stdout } = await scene.cluster.kubectl(["get", "events.events.k8s.io", "-n", namespace, "-o", "json"]);
    const { items } = JSON.parse(stdout) as { readonly items: readonly EventSeen[] };
    const warnings = items.filter(({ reason }) => reason === "Overridden");
    expect(warnings.map(({ type, regarding }) => [type, regarding.name])).toEqual([["Warning", "first"]]);
    expect(warnings[0]?.note).toContain("ben opened window before the time: the shop is down");
  },
);

test.concurrent("the next tier begins when what passed has stayed good for as long as its server says", async () => {
  const room = await scene.room("soak");
  const { namespace } = room;
  const [staging, omega] = [await room.target("staging"), await room.target("omega")];
  await room.apply(
    server(namespace, "Public", staging, { soakSeconds: 8 }),
    server(namespace, "Omega", omega),
    update(namespace, "first", await scene.world().archives.build({ version: "9.4.2" })),
  );
  await room.approve("ann", "first", "omega");
  const waiting = await room.untilUpdate(
    "first",
    ({ blockedBy }) => blockedBy?.some(({ gate, clearsAt }) => gate === "soak" && clearsAt !== undefined) === true,
  );
  const clearsAt = Date.parse(waiting.blockedBy?.find(({ gate }) => gate === "soak")?.clearsAt ?? "");
  const since = Date.parse((await room.serverStatus("staging")).apps?.[0]?.since ?? "");
  expect(clearsAt).toBeGreaterThanOrEqual(since + 8_000);
  await room.untilUpdate("first", ({ phase }) => phase === "Completed");
  const begun = (await room.records("first")).find(({ tier, to }) => tier === "omega" && to === "Delivering");
  expect(Date.parse(begun?.time ?? "")).toBeGreaterThanOrEqual(clearsAt);
});

test.concurrent(
  "an update that waits for approval is superseded by a newer one as soon as that one has come as far",
  async () => {
    const room = await scene.room("latest");
    const { namespace } = room;
    const { archives } = scene.world();
    const [one, two] = [
      await archives.build({ version: "9.4.2", file: "latest-1.tgz" }),
      await archives.build({ version: "9.4.3", file: "latest-2.tgz" }),
    ];
    const [staging, omega] = [await room.target("staging"), await room.target("omega")];
    await room.apply(
      server(namespace, "Public", staging),
      server(namespace, "Omega", omega),
      update(namespace, "first", one),
    );
    await room.untilUpdate("first", ({ phase }) => phase === "AwaitingApproval");
    await room.apply(update(namespace, "second", two));
    const superseded = await room.untilUpdate("first", ({ phase }) => phase === "Superseded");
    expect(superseded.message).toBe(
      `${ref("second")} is newer (9.4.3), verified, and has come as far: omega gets that one`,
    );
    expect(movesOf(await room.records("first")).at(-1)).toBe("omega Waiting>Superseded SupersededByNewer");
    await room.approve("ann", "second", "omega");
    await room.untilUpdate("second", ({ phase }) => phase === "Completed");
    expect(await omega.version()).toBe("9.4.3");
    expect(activations(await room.agent(omega))).toEqual([1]);
  },
);

test.concurrent(
  "where a server takes updates in order the newer one waits for the older one, also for its approval",
  async () => {
    const room = await scene.room("ordered");
    const { namespace } = room;
    const { archives } = scene.world();
    const [one, two] = [
      await archives.build({ version: "9.4.2", file: "ordered-1.tgz" }),
      await archives.build({ version: "9.4.3", file: "ordered-2.tgz" }),
    ];
    const [staging, omega] = [await room.target("staging"), await room.target("omega")];
    await room.apply(
      server(namespace, "Public", staging),
      server(namespace, "Omega", omega, { queue: "Ordered" }),
      update(namespace, "first", one),
    );
    await room.untilUpdate("first", ({ phase }) => phase === "AwaitingApproval");
    await room.apply(update(namespace, "second", two));
    const queued = await room.untilUpdate("second", ({ blockedBy }) => blockedBy?.[0]?.gate === "queue");
    expect(queued.message).toContain(`server omega takes updates in order, and ${ref("first")} (9.4.2) comes first`);
    expect((await room.update("first")).status?.phase).toBe("AwaitingApproval");
    await room.approve("ann", "first", "omega");
    await room.approve("ann", "second", "omega");
    await room.untilUpdate("second", ({ phase }) => phase === "Completed");
    expect((await room.update("first")).status?.phase).toBe("Completed");
    expect(await omega.version()).toBe("9.4.3");
    expect(activations(await room.agent(omega))).toEqual([1, 1]);
  },
);

test.concurrent("updates of several apps on the same servers do not wait for each other", async () => {
  const room = await scene.room("apps");
  const { namespace } = room;
  const { archives } = scene.world();
  const [before, shop] = [
    await archives.build({ version: "9.4.1", file: "apps-0.tgz" }),
    await archives.build({ version: "9.4.2", file: "apps-1.tgz" }),
  ];
  const till = await archives.build({ version: "1.0.0", file: "apps-2.tgz", app: "till" });
  const [staging, omega] = [await room.target("staging"), await room.target("omega")];
  await room.apply(
    server(namespace, "Public", staging),
    server(namespace, "Omega", omega, { queue: "Ordered" }),
    update(namespace, "before", before),
  );
  await room.approve("ann", "before", "omega");
  await room.untilUpdate("before", ({ phase }) => phase === "Completed");

  await room.apply(update(namespace, "shop", shop));
  await room.untilUpdate("shop", ({ phase }) => phase === "AwaitingApproval");
  // What is in order is one app: an update of another one is nobody's rival, although its version is lower.
  await room.apply(update(namespace, "till", till, { app: "till" }));
  await room.approve("ann", "till", "omega");
  await room.untilUpdate("till", ({ phase }) => phase === "Completed");
  expect((await room.update("shop")).status?.phase).toBe("AwaitingApproval");
  await room.approve("ann", "shop", "omega");
  await room.untilUpdate("shop", ({ phase }) => phase === "Completed");
  expect(
    (await room.serverStatus("omega")).apps?.map(({ app, sequence, version }) => `${app} ${sequence} ${version}`),
  ).toEqual(["default 2 9.4.2", "till 1 1.0.0"]);
});

test.concurrent(
  "an older version replaces a newer one where its update is allowed to, and nothing newer supersedes it",
  async () => {
    const room = await scene.room("older");
    const { namespace } = room;
    const { archives } = scene.world();
    const [newer, older] = [
      await archives.build({ version: "9.5.0", file: "older-1.tgz" }),
      await archives.build({ version: "9.4.1", file: "older-2.tgz" }),
    ];
    const [staging, omega] = [await room.target("staging"), await room.target("omega")];
    await room.apply(
      server(namespace, "Public", staging),
      server(namespace, "Omega", omega),
      update(namespace, "newer", newer),
    );
    await room.untilUpdate("newer", ({ phase }) => phase === "AwaitingApproval");
    await room.apply(update(namespace, "back", older, { allowOlder: true }));
    await room.approve("ann", "back", "omega");
    await room.untilUpdate("back", ({ phase }) => phase === "Completed");
    expect(await omega.version()).toBe("9.4.1");
    expect(movesOf(await room.records("back")).some((move) => move.includes("Superseded"))).toBe(false);
  },
);
