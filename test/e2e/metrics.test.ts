import { afterAll, beforeAll, expect, test } from "vitest";
import type { RecordSpec } from "../../src/api/record.ts";
import type { Guarded } from "../cluster/guard.ts";
import { newNamespace, notOwned, sharedCluster } from "../cluster/shared.ts";
import { until } from "../cluster/until.ts";
import { licenceFor, mainframe, server, update } from "../world/manifests.ts";
import { type OperatorProcess, startOperator } from "../world/operator.ts";
import { lintScrape, readScrape, type Scrape } from "../world/prometheus.ts";
import { startWorld, type World } from "../world/world.ts";
import { countedBy, operatorTraffic } from "../world/writes.ts";

const cluster = sharedCluster();
const reason = notOwned(cluster);
let world: World;
let leader: OperatorProcess;
let standby: (Guarded & { readonly healthPort: number }) | undefined;
let begun: Date;

beforeAll(async () => {
  world = await startWorld(cluster, await newNamespace(cluster, "metrics"));
  begun = new Date();
  leader = await startOperator(cluster, world.keys, world.dir, { flags: ["--checkpoint-interval=1"] });
  await until("it leads", async () => (await scrape(leader)).series.get("ashat_leader") === 1);
  standby = await startOperator(cluster, world.keys, world.dir);
});
afterAll(async () => {
  await standby?.stop(10_000);
  await leader?.stop(10_000);
  await world?.stop();
});

const scrape = async ({ healthPort }: OperatorProcess): Promise<Scrape> =>
  readScrape(await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text());

/** The series of a metric as `{labels} value`, in order. */
const lines = ({ series }: Scrape, name: string): readonly string[] =>
  [...series]
    .filter(([key]) => key.startsWith(`${name}{`))
    .map(([key, value]) => `${key.slice(name.length)} ${value}`)
    .sort();
const total = ({ series }: Scrape, name: string): number =>
  [...series].reduce((sum, [key, value]) => (key.startsWith(`${name}{`) ? sum + value : sum), 0);

const verdictsOf = (records: readonly RecordSpec[]): readonly string[] =>
  [
    ...countedBy(
      records.flatMap(({ tier, evidence = [] }) =>
        evidence.map(({ category, verdict }) => `{tier="${tier}",category="${category}",verdict="${verdict}"}`),
      ),
      (line) => line,
    ),
  ]
    .map(([labels, count]) => `${labels} ${count}`)
    .sort();

const approve = async (name: string): Promise<void> => {
  const status = await world.untilUpdate(name, ({ phase }) => phase === "AwaitingApproval");
  const command = status.blockedBy?.[0]?.command ?? "";
  await cluster.kubectl(command.split(" ").slice(1), { as: { user: "ann-the-approver", groups: ["system:masters"] } });
};
const updates = async (phase: string): Promise<number | undefined> =>
  (await scrape(leader)).series.get(`ashat_updates{namespace="${world.namespace}",phase="${phase}"}`);

test(`after two runs from ALPHA to the mainframes, a check that failed and a rollback, the numbers are those of the records${reason === undefined ? "" : ` (writes are not compared: ${reason})`}`, async () => {
  const { namespace, archives, keys } = world;
  const [alpha, staging, omega, one, two] = [
    await world.target("alpha"),
    await world.target("staging"),
    await world.target("omega"),
    await world.target("mf-1", { licensed: true }),
    await world.target("mf-2", { licensed: true }),
  ];
  const checks = { checks: { modules: { path: "/api/modules" } } };
  await world.apply(
    server(namespace, "Alpha", alpha, checks),
    server(namespace, "Public", staging),
    server(namespace, "Omega", omega, checks),
    mainframe(namespace, "omega", one, await licenceFor(keys, namespace, "mf-1")),
    mainframe(namespace, "omega", two, await licenceFor(keys, namespace, "mf-2"), { wave: 2 }),
    update(namespace, "secrets-1", await archives.build({ version: "9.4.1" })),
  );
  await world.untilUpdate("secrets-1", ({ phase }) => phase === "AwaitingApproval");
  await until("one waits for approval", async () => (await updates("AwaitingApproval")) === 1);
  await approve("secrets-1");
  await world.untilUpdate("secrets-1", ({ phase }) => phase === "Completed");
  await world.apply(update(namespace, "secrets-2", await archives.build({ version: "9.4.2" })));
  await approve("secrets-2");
  const done = await world.untilUpdate("secrets-2", ({ phase }) => phase === "Completed");
  await world.apply(
    update(namespace, "secrets-3", await archives.build({ version: "9.4.3", moduleVersions: { billing: "9.4.2" } })),
  );
  await world.untilUpdate("secrets-3", ({ phase }) => phase === "Held");
  const token = done.tiers?.find(({ name }) => name === "omega")?.token ?? "";
  const ref = "deployments.ashat.raos.io/secrets-2";
  await cluster.kubectl(
    ["annotate", ref, "-n", namespace, "--field-manager=ashat", `rollback.ashat.raos.io/omega=${token} because`],
    { as: { user: "ann-the-approver", groups: ["system:masters"] } },
  );
  await world.untilUpdate("secrets-2", ({ phase }) => phase === "RolledBack");

  const chains = await Promise.all(["secrets-1", "secrets-2", "secrets-3"].map((name) => world.records(name)));
  const records = chains.flat();
  await until("the watch and the checkpoint say so, too", async () => {
    const said = (await scrape(leader)).series.get(`ashat_records{namespace="${namespace}"}`);
    return (await updates("RolledBack")) === 1 && said === records.length;
  });
  const seen = await scrape(leader);
  // The cluster is shared: updates of others rest in namespaces of their own.
  const own = lines(seen, "ashat_updates").filter((line) => line.includes(`"${namespace}"`) && !line.endsWith(" 0"));
  expect(own).toEqual([
    `{namespace="${namespace}",phase="Completed"} 1`,
    `{namespace="${namespace}",phase="Held"} 1`,
    `{namespace="${namespace}",phase="RolledBack"} 1`,
  ]);
  expect(lines(seen, "ashat_updates_ended_total")).toEqual(['{phase="Completed"} 2', '{phase="RolledBack"} 1']);
  expect(lines(seen, "ashat_deliveries_total")).toEqual([
    '{driver="agent",action="deliver",outcome="succeeded"} 11',
    '{driver="agent",action="restore",outcome="succeeded"} 3',
  ]);
  expect(lines(seen, "ashat_verdicts_total")).toEqual(verdictsOf(records));
  expect(lines(seen, "ashat_verdicts_total")).toContain(
    '{tier="alpha",category="Module Load Test",verdict="Failed"} 1',
  );
  // Two approvals, and nobody has said yet what becomes of the third update.
  expect(lines(seen, "ashat_person_wait_seconds_count")).toEqual(['{tier="omega",gate="approvals"} 2']);
  expect(lines(seen, "ashat_phase_duration_seconds_count")).toEqual([
    '{tier="alpha",phase="Delivering"} 3',
    '{tier="alpha",phase="Verifying"} 3',
    '{tier="alpha",phase="Waiting"} 3',
    '{tier="mainframes",phase="Delivering"} 4',
    '{tier="mainframes",phase="RollingBack"} 2',
    '{tier="mainframes",phase="Verifying"} 4',
    '{tier="mainframes",phase="Waiting"} 4',
    '{tier="omega",phase="Delivering"} 2',
    '{tier="omega",phase="RollingBack"} 1',
    '{tier="omega",phase="Verifying"} 2',
    '{tier="omega",phase="Waiting"} 2',
    '{tier="public",phase="Delivering"} 2',
    '{tier="public",phase="Verifying"} 2',
    '{tier="public",phase="Waiting"} 2',
  ]);
  expect(seen.series.get('ashat_build_info{version="0.1.0"}')).toBe(1);
  expect(total(seen, "ashat_queue_work_seconds_count")).toBeGreaterThan(10);
  expect(seen.series.get('ashat_api_writes_total{kind="DeploymentRecord",verb="create",code="2xx"}')).toBe(
    records.length,
  );
  if (reason !== undefined) return;
  const { writes } = operatorTraffic(await cluster.auditEvents(), begun, namespace);
  const jobs = writes.filter(({ verb, objectRef }) => verb === "create" && objectRef?.resource === "jobs").length;
  expect(seen.series.get('ashat_api_writes_total{kind="Job",verb="create",code="2xx"}')).toBe(jobs);
});

test("the page is one that a Prometheus server and its linter take, and names no update, target or person", async () => {
  const seen = await scrape(leader);
  expect(lintScrape(seen, "ashat_", 400)).toEqual([]);
  expect([...seen.families.keys()]).toEqual(
    expect.arrayContaining(["process_cpu_seconds_total", "nodejs_eventloop_lag_seconds", "ashat_leader"]),
  );
  for (const name of ["secrets-1", "secrets-2", "secrets-3", "staging", "mf-1", "ann-the-approver"])
    expect(seen.text).not.toContain(name);
});

test("who waits to lead serves its own numbers, and counts no work", async () => {
  if (standby === undefined) throw new Error("there are two operators");
  const seen = await scrape(standby);
  expect(seen.series.get("ashat_leader")).toBe(0);
  expect(seen.families.has("ashat_updates")).toBe(false);
  expect(total(seen, "ashat_records")).toBe(0);
  expect(seen.families.has("ashat_watch_restarts_total")).toBe(true);
  expect(lintScrape(seen, "ashat_", 400)).toEqual([]);
});
