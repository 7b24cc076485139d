import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Notification } from "../../src/api/notification.ts";
import { type Client, createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { until } from "../cluster/until.ts";
import { startCrashProxy } from "../world/crash-proxy.ts";
import { server, update } from "../world/manifests.ts";
import {
  forgetLease,
  launchOperator,
  type OperatorProcess,
  type OperatorSettings,
  untilOperatorReady,
} from "../world/operator.ts";
import { readScrape } from "../world/prometheus.ts";
import { type HttpReceiver, startReceiver } from "../world/receiver.ts";
import { movesOf, openRoom, type Room } from "../world/room.ts";
import { startWorld, type World } from "../world/world.ts";

const cluster = sharedCluster();
const SECRET = `whsec_${Buffer.alloc(32, 5).toString("base64")}`;
let world: World;
let client: Client;
let receiver: HttpReceiver;
let flags: readonly string[];
let operator: OperatorProcess | undefined;
const rooms: Room[] = [];

beforeAll(async () => {
  client = createClient(await fromKubeconfig(cluster.kubeconfig), {
    fieldManager: "ashat-test",
    userAgent: "ashat-test",
  });
  world = await startWorld(cluster, await newNamespace(cluster, "notified"));
  receiver = await startReceiver({ secret: SECRET, ca: world.ca });
  const at = (name: string): string => join(world.dir, name);
  const [url, secret, ca] = [at("notify-url"), at("notify-secret"), at("notify-ca.pem")];
  await writeFile(url, `${receiver.url}\n`);
  await writeFile(secret, `${SECRET}\n`);
  await writeFile(ca, world.ca.certPem);
  flags = [
    `--notify-url-file=${url}`,
    `--notify-secret=${secret}`,
    `--notify-ca=${ca}`,
    "--notify-source=urn:ashat:test",
  ];
  await operate();
});
afterAll(async () => {
  receiver.answer = undefined;
  if (operator?.running() === false) await operate();
  await Promise.all(rooms.map((room) => room.stop()));
  await operator?.stop(10_000);
  await receiver?.stop();
  await world?.stop();
  await client?.close();
});

const operate = async (settings: OperatorSettings = {}): Promise<OperatorProcess> => {
  operator = await launchOperator(cluster, world.keys, world.dir, { flags, ...settings });
  await untilOperatorReady(operator);
  return operator;
};
const kill = async (): Promise<void> => {
  if (operator?.running() === true) process.kill(-operator.pid, "SIGKILL");
  await operator?.exited;
  await forgetLease(cluster);
};

const room = async (prefix: string): Promise<Room> => {
  const opened = await openRoom(cluster, client, world, prefix);
  rooms.push(opened);
  return opened;
};
/** What was told of an update, in the order in which it came. */
const told = ({ namespace }: Room, name: string): readonly Notification[] =>
  receiver.taken.filter(({ subject }) => subject === `${namespace}/${name}`);
const names = (events: readonly Notification[]): readonly string[] =>
  events.map(({ type }) => type.replace(/^io\.raos\.ashat\.deployment\.(.*)\.v1$/, "$1"));
const untilTold = (at: Room, name: string, ...expected: readonly string[]): Promise<boolean> =>
  until(
    `${expected.join(", ")} is told of ${name}`,
    () => {
      const now = names(told(at, name));
      if (now.join() === expected.join()) return true;
      throw new Error(`told were ${now.join(", ")}`);
    },
    { timeoutMs: 60_000 },
  );
const inThreeDays = (): object => ({
  days: [["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][(new Date().getUTCDay() + 3) % 7]],
  from: "02:00",
  to: "05:00",
  timeZone: "Etc/UTC",
});

test("who has to act is told with the command, who waits for the end is told how it came; nothing of it is secret", async () => {
  const at = await room("told");
  const { namespace } = at;
  const [staging, omega] = [await at.target("staging"), await at.target("omega")];
  const checks = { checks: { modules: { path: "/api/modules" } } };
  await at.apply(
    server(namespace, "Public", staging, checks),
    server(namespace, "Omega", omega, { windows: [inThreeDays()] }),
    update(namespace, "first", await world.archives.build({ version: "9.4.1" })),
  );
  // Before the window opens, so that nobody is asked in the middle of the night.
  await untilTold(at, "first", "awaiting-approval");
  const [asked] = told(at, "first");
  const approvals = asked?.data.blockedBy?.find(({ gate }) => gate === "approvals");
  expect(asked).toMatchObject({
    source: "urn:ashat:test",
    data: { update: { namespace, name: "first" }, app: "default", version: "9.4.1", tier: "omega" },
  });
  expect(approvals).toMatchObject({ needed: 1, who: expect.stringContaining("approve omega") });
  await at.run("ann", approvals?.command ?? "");
  const window = await at.untilUpdate(
    "first",
    ({ blockedBy = [] }) => blockedBy.length === 1 && blockedBy[0]?.gate === "window",
  );
  const token = window.blockedBy?.[0]?.token ?? "";
  await at.act("ben", "first", { verb: "override", tier: "omega", token, reason: "the shop is down" });
  await at.untilUpdate("first", ({ phase }) => phase === "Completed");
  await untilTold(at, "first", "awaiting-approval", "overridden", "completed");
  expect(told(at, "first")[1]?.data.overrides).toEqual([
    { user: "ben", reason: "the shop is down", gates: ["window"] },
  ]);
  const records = await at.records("first");
  expect(told(at, "first")[2]?.data.record).toEqual({ seq: records.length - 1, hash: records.at(-1)?.hash });

  await at.apply(
    update(namespace, "broken", await world.archives.build({ version: "9.4.2", moduleVersions: { billing: "9.4.1" } })),
  );
  const held = await at.untilUpdate("broken", ({ phase }) => phase === "Held");
  await untilTold(at, "broken", "held");
  expect(told(at, "broken")[0]?.data).toMatchObject({ phase: "Held", tier: "public", message: held.message });
  const back = held.tiers?.find(({ name }) => name === "public")?.token ?? "";
  await at.act("ann", "broken", { verb: "rollback", tier: "public", token: back });
  await untilTold(at, "broken", "held", "rolled-back");

  expect(new Set(receiver.taken.map(({ id }) => id)).size).toBe(receiver.taken.length);
  const text = await readFile(operator?.logFile ?? "", "utf8");
  for (const secret of [SECRET.slice(6), "path-secret", "query-secret"]) expect(text).not.toContain(secret);
  const events = ["awaiting-approval", "overridden", "completed", "held", "rolled-back"];
  // The receiver has it before its answer has come back, and what is not answered is not counted.
  await until("each is counted once as delivered", async () => {
    const seen = readScrape(await (await fetch(`http://127.0.0.1:${operator?.healthPort}/metrics`)).text());
    const delivered = (event: string): number | undefined =>
      seen.series.get(`ashat_notifications_total{event="${event}",outcome="delivered"}`);
    // Not all is ours: how another update of the shared cluster ended, which nobody had told, is told, too.
    expect(events.map(delivered)).toEqual(
      events.map((event) => names(receiver.taken).filter((it) => it === event).length),
    );
    return true;
  });
});

test("docs/metrics.md names every metric of the operator, and no other", async () => {
  const seen = readScrape(await (await fetch(`http://127.0.0.1:${operator?.healthPort}/metrics`)).text());
  const page = await readFile(new URL("../../docs/metrics.md", import.meta.url), "utf8");
  const named = [...page.matchAll(/^\| `(ashat_[a-z_]+)` \| (.*?) \|/gm)].map(([, name = "", labels = ""]) => [
    name,
    [...labels.matchAll(/`([a-z0-9]+)`/g)].map(([, label = ""]) => label).sort(),
  ]);
  const labelsOf = (name: string, type: string): readonly string[] =>
    [...(seen.families.get(name)?.samples ?? [])]
      .flatMap(({ labels }) => Object.keys(labels))
      .filter((label, index, all) => all.indexOf(label) === index && !(type === "histogram" && label === "le"))
      .sort();
  const own = [...seen.families].filter(([name]) => name.startsWith("ashat_"));
  expect(new Set(own.map(([name]) => name))).toEqual(new Set(named.map(([name]) => name)));
  const wrong = own.flatMap(([name, { type, samples }]) => {
    const said = named.find(([known]) => known === name)?.[1] ?? [];
    const told = labelsOf(name, type);
    return samples.length === 0 || String(said) === String(told) ? [] : [`${name}: ${String(said)} is ${String(told)}`];
  });
  expect(wrong).toEqual([]);
});

test("a receiver that never answers holds nothing up: the moves are those of an update that nobody waited for", async () => {
  const at = await room("slow");
  const { namespace } = at;
  const [staging, omega] = [await at.target("staging"), await at.target("omega")];
  const before = receiver.asked.length;
  await at.apply(server(namespace, "Public", staging), server(namespace, "Omega", omega));
  const release = await world.archives.build({ version: "9.4.1" });
  receiver.answer = () => undefined;
  await at.apply(update(namespace, "first", release));
  await at.approve("ann", "first", "omega");
  await at.untilUpdate("first", ({ phase }) => phase === "Completed");
  expect(movesOf(await at.records("first"))).toHaveLength(8);
  expect(receiver.asked.length).toBeGreaterThan(before);
  expect(told(at, "first")).toEqual([]);
  receiver.answer = undefined;
  await untilTold(at, "first", "awaiting-approval", "completed");
});

test("what a leader could not tell before it was killed is told by the next one, as the same event", async () => {
  const at = await room("killed");
  const { namespace } = at;
  const [staging, omega] = [await at.target("staging"), await at.target("omega")];
  receiver.answer = (_, response) => response.writeHead(503).end();
  const tried = (): readonly string[] =>
    receiver.asked.flatMap(({ event }) => (event.subject === `${namespace}/first` ? [event.id] : []));
  await at.apply(
    server(namespace, "Public", staging),
    server(namespace, "Omega", omega),
    update(namespace, "first", await world.archives.build({ version: "9.4.1" })),
  );
  await until("somebody was to be told", () => tried().length > 0);
  await kill();
  receiver.answer = undefined;
  await operate();
  await untilTold(at, "first", "awaiting-approval");
  expect(told(at, "first")[0]?.id).toBe(tried()[0]);
  receiver.answer = (_, response) => response.writeHead(503).end();
  await at.approve("ann", "first", "omega");
  await at.untilUpdate("first", ({ phase }) => phase === "Completed");
  await kill();
  receiver.answer = undefined;
  await operate();
  await untilTold(at, "first", "awaiting-approval", "completed");
});

test("killed after every single record, before anybody was told of it: everybody is told nevertheless, of nothing twice under two names", async () => {
  const at = await room("crashing");
  const { namespace } = at;
  await kill();
  const doom = { moment: "after the commit", only: "POST deploymentrecords" } as const;
  const proxy = await startCrashProxy(cluster, namespace, doom, world.dir);
  const [staging, omega] = [await at.target("staging"), await at.target("omega")];
  await at.apply(
    server(namespace, "Public", staging),
    server(namespace, "Omega", omega),
    update(namespace, "first", await world.archives.build({ version: "9.4.1" })),
  );
  const over = new AbortController();
  const done = (async () => {
    await at.approve("ann", "first", "omega", { timeoutMs: 150_000, signal: over.signal });
    await at.untilUpdate("first", ({ phase }) => phase === "Completed", { timeoutMs: 150_000, signal: over.signal });
    await until("all is told", () => names(told(at, "first")).includes("completed"), { signal: over.signal });
    return "done" as const;
  })();
  let deaths = 0;
  try {
    for (;;) {
      const life = await proxy.nextLife();
      operator = await launchOperator(cluster, world.keys, world.dir, { flags, kubeconfig: life.kubeconfig });
      const { pid, running } = operator;
      life.admit(() => {
        if (running()) process.kill(-pid, "SIGKILL");
      });
      const ended = operator.exited.then(() => "ended" as const);
      const what = await Promise.race([life.died, done, ended]);
      if (what === "done") break;
      // Its death at a write is said before the process is gone.
      if (what === "ended")
        throw new Error(`the operator ended by itself: ${await readFile(operator.logFile, "utf8")}`);
      deaths += 1;
      await kill();
    }
  } finally {
    over.abort();
    await kill();
    await proxy.stop();
  }
  await operate();
  expect(deaths).toBe(8);
  const ids = new Map(told(at, "first").map(({ id, type }) => [id, type]));
  expect([...ids.values()].map((type) => type.split(".").at(-2))).toEqual(["awaiting-approval", "completed"]);
});
