import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import type { TargetStatus } from "../../src/api/target.ts";
import type { AuditEvent } from "../cluster/audit.ts";
import { notOwned, sharedCluster } from "../cluster/shared.ts";
import { until } from "../cluster/until.ts";
import { licenceFor, mainframe, server, update } from "../world/manifests.ts";
import { movesOf, type Room } from "../world/room.ts";
import { openScene } from "../world/scene.ts";
import { countedBy, isLostRace, kindOfWrite, operatorTraffic, type OperatorTraffic } from "../world/writes.ts";

const reason = notOwned(sharedCluster());
const scene = openScene();
const APPROVALS = 1;
const REST_MS = 60_000;

/** A run from ALPHA to three mainframes in two waves, and what the operator wrote for it. */
let traffic: OperatorTraffic;
let room: Room;
let tiers: readonly string[];

const print = (title: string, rows: ReadonlyMap<string, number>): void => {
  console.log([title, ...[...rows].map(([name, count]) => `  ${String(count).padStart(4)}  ${name}`)].join("\n"));
};

const of =
  (verb: string, resource: string, subresource?: string) =>
  ({ verb: asked, objectRef: at }: AuditEvent): boolean =>
    asked === verb && at?.resource === resource && at.subresource === subresource;

const ready = ({ conditions = [] }: TargetStatus): boolean =>
  conditions.some(({ type, status }) => type === "Ready" && status === "True");

beforeAll(async () => {
  if (reason !== undefined) return;
  room = await scene.room("budget");
  const { namespace } = room;
  const { keys, archives } = scene.world();
  const names = ["alpha", "staging", "omega"] as const;
  const mainframes = ["mf-1", "mf-2", "mf-3"] as const;
  const [alpha, staging, omega] = await Promise.all(names.map((name) => room.target(name)));
  const [one, two, three] = await Promise.all(mainframes.map((name) => room.target(name, { licensed: true })));
  if (!alpha || !staging || !omega || !one || !two || !three) throw new Error("six targets were started");
  const licence = (name: string) => licenceFor(keys, namespace, name);
  await room.apply(
    server(namespace, "Alpha", alpha),
    server(namespace, "Public", staging),
    server(namespace, "Omega", omega),
    mainframe(namespace, "omega", one, await licence("mf-1")),
    mainframe(namespace, "omega", two, await licence("mf-2"), { wave: 2 }),
    mainframe(namespace, "omega", three, await licence("mf-3"), { wave: 2 }),
  );
  for (const name of names) await until(`server ${name} is ready`, async () => ready(await room.serverStatus(name)));
  for (const name of mainframes)
    await until(`mainframe ${name} is ready`, async () => ready(await room.mainframeStatus(name)));

  const begun = new Date();
  await room.apply(update(namespace, "first", await archives.build({ version: "9.4.2" })));
  await room.approve("ann", "first", "omega");
  const done = await room.untilUpdate("first", ({ phase }) => phase === "Completed");
  tiers = (done.tiers ?? []).map(({ name }) => name);
  traffic = operatorTraffic(await scene.cluster.auditEvents(), begun, namespace);
  print("writes of the operator for one update, six targets, two waves:", countedBy(traffic.writes, kindOfWrite));
  print("apart (leases, dry runs, questions):", countedBy(traffic.apart, kindOfWrite));
  print("reads:", countedBy(traffic.reads, kindOfWrite));
});

test.skipIf(reason !== undefined)(
  `the status of an update is written at most four times per tier and once per approval${reason === undefined ? "" : ` (${reason})`}`,
  () => {
    expect(tiers).toEqual(["alpha", "public", "omega", "mainframes"]);
    const written = traffic.writes.filter(of("update", "deployments", "status"));
    expect(written.length).toBeGreaterThan(0);
    expect(written.length).toBeLessThanOrEqual(4 * tiers.length + APPROVALS);
  },
);

test.skipIf(reason !== undefined)("the status of each target is written at most twice", () => {
  const written = traffic.writes.filter(
    (event) => of("update", "servers", "status")(event) || of("update", "mainframes", "status")(event),
  );
  const perTarget = countedBy(written, ({ objectRef }) => `${objectRef?.resource} ${objectRef?.name}`);
  print("status writes per target:", perTarget);
  expect(perTarget.size).toBe(6);
  expect([...perTarget].filter(([, count]) => count > 2)).toEqual([]);
});

test.skipIf(reason !== undefined)(
  "one Job per verification and its release, one record per move, one event per phase, and nothing else",
  async () => {
    const records = await room.records("first");
    const verifications = movesOf(records).filter((move) => /^(alpha|public|omega) .*>Verifying/.test(move)).length;
    const { writes, apart } = traffic;
    expect(verifications).toBe(3);
    // The Job controller writes the same Jobs; a race is lost now and then, and not again and again.
    expect(apart.filter(isLostRace).length).toBeLessThanOrEqual(verifications);
    expect(writes.filter(of("create", "jobs"))).toHaveLength(verifications);
    expect(writes.filter(of("patch", "jobs"))).toHaveLength(verifications);
    expect(writes.filter(of("create", "deploymentrecords"))).toHaveLength(records.length);
    const { stdout } = await scene.cluster.kubectl(["get", "events.events.k8s.io", "-n", room.namespace, "-o", "json"]);
    const told = (
      JSON.parse(stdout) as {
        readonly items: readonly {
          readonly reportingController?: string;
          readonly reason: string;
          readonly action: string;
        }[];
      }
    ).items.filter(({ reportingController }) => reportingController === "ashat.raos.io/operator");
    expect(writes.filter(of("create", "events"))).toHaveLength(told.length);
    expect([...countedBy(told, (event) => `${event.action} ${event.reason}`)].filter(([, count]) => count > 1)).toEqual(
      [],
    );
    const known = [
      "update deployments/status",
      "update servers/status",
      "update mainframes/status",
      "create deploymentrecords",
      "create jobs",
      "patch jobs",
      "create events",
    ];
    expect([...countedBy(writes, kindOfWrite).keys()].filter((kind) => !known.includes(kind))).toEqual([]);
  },
);

test.skipIf(reason !== undefined)(
  "every claim, record and Job rests on a consistent read of the Deployment made after the record before it",
  () => {
    const reads = traffic.reads.filter(
      (event) => of("get", "deployments")(event) && !event.requestURI.includes("resourceVersion="),
    );
    const records = traffic.writes.filter(of("create", "deploymentrecords"));
    const lasting = traffic.writes.filter(
      (event) =>
        of("create", "deploymentrecords")(event) ||
        of("create", "jobs")(event) ||
        of("update", "servers", "status")(event) ||
        of("update", "mainframes", "status")(event),
    );
    const unread = lasting.filter((write) => {
      const at = write.requestReceivedTimestamp;
      const recordBefore = records.findLast((record) => record.stageTimestamp < at)?.stageTimestamp ?? "";
      return !reads.some((read) => read.requestReceivedTimestamp > recordBefore && read.stageTimestamp < at);
    });
    expect(unread.map(kindOfWrite)).toEqual([]);
  },
);

test.skipIf(reason !== undefined)(
  "at rest the operator writes nothing for a minute, after Completed and while it waits for an approval",
  async () => {
    const waiting = await scene.room("rest");
    const { namespace } = waiting;
    const [staging, omega] = [await waiting.target("staging"), await waiting.target("omega")];
    const release = await scene.world().archives.build({ version: "9.4.2" });
    await waiting.apply(
      server(namespace, "Public", staging),
      server(namespace, "Omega", omega),
      update(namespace, "second", release),
    );
    await waiting.untilUpdate("second", ({ phase }) => phase === "AwaitingApproval");
    expect((await room.update("first")).status).toMatchObject({ phase: "Completed" });
    await until("the last status is written", async () => {
      const now = operatorTraffic(await scene.cluster.auditEvents(), new Date(Date.now() - 2_000));
      return now.writes.length === 0;
    });
    const begun = new Date();
    await pause(REST_MS);
    const resting = operatorTraffic(await scene.cluster.auditEvents(), begun);
    print(
      "asked in a minute of rest:",
      countedBy([...resting.writes, ...resting.apart, ...resting.reads], kindOfWrite),
    );
    expect(
      resting.writes.map((event) => `${kindOfWrite(event)} ${event.objectRef?.namespace}/${event.objectRef?.name}`),
    ).toEqual([]);
    expect(resting.apart.filter(isLostRace)).toEqual([]);
  },
);
