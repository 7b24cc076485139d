import { beforeEach, expect, test } from "vitest";
import { LABEL } from "../api/group.ts";
import type { Raw, RawRecord } from "./kinds.ts";
import { createStore } from "../runtime/store.ts";
import { WAKES, type Wake, wakesOfPolicies } from "./wakes.ts";

const object = (kind: string, name: string, more: Partial<Raw> = {}, version = "1"): Raw => ({
  apiVersion: "ashat.raos.io/v1alpha1",
  kind,
  metadata: { name, namespace: "ns", uid: `uid-${name}`, resourceVersion: version },
  spec: {},
  ...more,
});
const record = (update: string, to: string): RawRecord =>
  object("DeploymentRecord", `${update}-1`, {
    spec: { deployment: { name: update, uid: `uid-${update}` }, seq: 0, to, artifacts: [] },
  }) as RawRecord;
const inNamespace = { namespace: () => ["ns"] };
const make = () => ({
  deployments: { store: createStore<Raw, "namespace">(inNamespace) },
  servers: { store: createStore<Raw, "namespace">(inNamespace) },
  mainframes: { store: createStore<Raw, "namespace">(inNamespace) },
  records: {
    store: createStore<RawRecord, "update" | "artifact" | "name">({
      update: ({ spec }) => [spec.deployment.uid],
      artifact: () => [],
      name: () => [],
    }),
  },
  jobs: { store: createStore<never, "update">({ update: () => [] }) },
  pods: { store: createStore<never, "update">({ update: () => [] }) },
});
let stores: ReturnType<typeof make>;
beforeEach(() => {
  stores = make();
  for (const name of ["new", "old"]) stores.deployments.store.put(object("Deployment", name));
  stores.records.store.put(record("old", "Cancelled"));
  stores.servers.store.put(object("Server", "omega"));
  stores.mainframes.store.put(object("Mainframe", "mf"));
});
const said = (wakes: readonly Wake[]): readonly string[] => wakes.map(({ who, key }) => `${who} ${key}`);
const server = (more: Partial<Raw>): Raw => object("Server", "omega", more, "2");

test("a change of a server's spec wakes it, the updates under way and its mainframes; an update that has ended sleeps on", () => {
  expect(said(WAKES.servers(server({ spec: { tier: "Omega" } }), object("Server", "omega"), stores))).toEqual([
    "server ns/omega",
    "update ns/new",
    "mainframe ns/mf",
  ]);
});

test("a claim wakes the server and the updates, and not every mainframe", () => {
  expect(
    said(WAKES.servers(server({ status: { apps: [{ app: "default" }] } }), object("Server", "omega"), stores)),
  ).toEqual(["server ns/omega", "update ns/new"]);
});

const runs = (deployment: string): Partial<Raw> => ({ status: { apps: [{ app: "default", deployment }] } });

test("when another update has passed on a server, the one whose work it replaced is looked at again, and the other way round", () => {
  const [before, after] = [object("Server", "omega", runs("old")), server(runs("newer"))];
  expect(said(WAKES.servers(after, before, stores))).toEqual(
    expect.arrayContaining(["update ns/old", "update ns/newer"]),
  );
  expect(said(WAKES.servers(server(runs("old")), before, stores))).not.toContain("update ns/old");
});

test("what the operator says of a server wakes the updates that wait for it, and of an update nobody", () => {
  expect(
    said(WAKES.servers(server({ status: { message: "its agent answers" } }), object("Server", "omega"), stores)),
  ).toEqual(["update ns/new"]);
  expect(
    WAKES.deployments(
      object("Deployment", "new", { status: { phase: "Waiting" } }, "2"),
      object("Deployment", "new"),
      stores,
    ),
  ).toEqual([]);
});

test("a record wakes its update, and one that holds it wakes those that wait for the place", () => {
  expect(said(WAKES.records(record("old", "Verifying"), undefined, stores))).toEqual(["update ns/old"]);
  expect(said(WAKES.records(record("old", "Held"), undefined, stores))).toEqual(["update ns/old", "update ns/new"]);
});

const recordWith = (more: object): RawRecord => {
  const raw = record("old", "Passed");
  return { ...raw, spec: { ...raw.spec, ...more } };
};

test("a record with which an update passes a tier or ends wakes those that it may overtake or let go on; one of a target does not", () => {
  expect(said(WAKES.records(recordWith({ tier: "public", completes: true }), undefined, stores))).toContain(
    "update ns/new",
  );
  expect(said(WAKES.records(recordWith({ to: "Superseded" }), undefined, stores))).toContain("update ns/new");
  expect(said(WAKES.records(recordWith({ to: "Superseded", targets: [] }), undefined, stores))).toEqual([
    "update ns/old",
  ]);
});

test("a Job and its pods wake the update they are of, also when they go", () => {
  const job = object("Job", "ashat-1");
  const labelled = { ...job, metadata: { ...job.metadata, labels: { [LABEL.deployment]: "new" } } };
  expect(said(WAKES.jobs(undefined, labelled as never, stores))).toEqual(["update ns/new"]);
  expect(WAKES.pods(job as never, undefined, stores)).toEqual([]);
});

test("policies that stop working wake the servers and updates of the namespace", () => {
  expect(said(wakesOfPolicies("ns", stores))).toEqual(["server ns/omega", "update ns/new"]);
});
