import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createClient } from "../../src/kube/client.ts";
import type { Client } from "../../src/kube/client.ts";
import { loadConfig } from "../../src/kube/config.ts";
import { alreadyExists, ApiError, conflict, forbidden, invalid, notFound } from "../../src/kube/errors.ts";
import type { KubeObject, Resource } from "../../src/kube/types.ts";
import { createEvents, EVENTS } from "../../src/runtime/events.ts";
import { createInformer } from "../../src/runtime/informer.ts";
import { acquireLease, LEASES } from "../../src/runtime/lease.ts";
import { createSchemas } from "../../src/runtime/schemas.ts";
import { startCluster } from "../cluster/cluster.ts";
import type { Cluster } from "../cluster/cluster.ts";

type Thing = KubeObject & {
  readonly spec?: { readonly color?: string };
  readonly status?: { readonly phase?: string };
};
const THINGS: Resource<Thing> = {
  group: "example.com",
  version: "v1",
  plural: "things",
  kind: "Thing",
  namespaced: true,
};
const CRDS: Resource<
  KubeObject & {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }
> = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};
const NAMESPACES: Resource = { group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false };
const NAMESPACE = "default";
const at = (name: string) => ({ namespace: NAMESPACE, name });
const draft = (name: string, color = "red") => ({ metadata: at(name), spec: { color } });
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const crd = (fields: Readonly<Record<string, object>>) => ({
  metadata: { name: "things.example.com" },
  spec: {
    group: "example.com",
    names: { kind: "Thing", plural: "things", singular: "thing", listKind: "ThingList" },
    scope: "Namespaced",
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: { type: "object", properties: { color: { type: "string" }, ...fields } },
              status: { type: "object", properties: { phase: { type: "string" } } },
            },
          },
        },
      },
    ],
  },
});

// A cluster of its own, because it is restarted while others would use it.
let cluster: Cluster;
let client: Client;
beforeAll(async () => {
  cluster = await startCluster();
  client = createClient(await loadConfig({ kubeconfig: cluster.kubeconfig, env: {} }), {
    fieldManager: "runtime-test",
    userAgent: "runtime-test",
  });
  await client.apply(CRDS, crd({}));
  await established();
}, 600_000);
afterAll(async () => {
  // On a cluster that goes on living, everything made here goes with the kind and the namespace.
  await client?.remove(CRDS, { name: "things.example.com" });
  await client?.close();
  await cluster?.stop();
});
let ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends) await end();
  ends = [];
});

/** A new kind is served a moment after it was accepted; the server has no event for that moment. */
const established = async (): Promise<void> => {
  for (;;) {
    try {
      await client.list(THINGS);
      return;
    } catch (error) {
      if (!notFound(error)) throw error;
    }
  }
};

/** An informer, and the story of its changes as one waits for it. */
const informed = () => {
  const informer = createInformer<Thing, "color">({
    client,
    kind: { resource: THINGS },
    indexes: { color: ({ spec }) => [spec?.color ?? "none"] },
    random: Math.random,
    log: silent,
  });
  const story: string[] = [];
  const waiting = new Set<() => void>();
  informer.subscribe((key, object, old) => {
    const what = object === undefined ? "deleted" : old === undefined ? "added" : "changed";
    story.push(`${key} ${what} ${object?.spec?.color ?? ""}${object?.status?.phase ?? ""}`.trim());
    for (const wake of waiting) wake();
  });
  const until = async (wanted: () => boolean): Promise<void> => {
    while (!wanted()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add(resolve);
      await promise;
      waiting.delete(resolve);
    }
  };
  const stop = new AbortController();
  const run = informer.run(stop.signal);
  ends.push(async () => {
    stop.abort();
    await run;
  });
  return { informer, story, told: (line: string) => until(() => story.includes(line)), until };
};
const errorOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test("an informer sees what was there, then every creation, change and deletion", async () => {
  await client.create(THINGS, draft("there"));
  const { informer, story, told } = informed();
  await informer.synced;
  expect(informer.store.get("default/there")?.spec?.color).toBe("red");
  const made = await client.create(THINGS, draft("one"));
  await told("default/one added red");
  await client.replaceStatus(THINGS, made, { phase: "-good" });
  await told("default/one changed red-good");
  await client.mergePatch(THINGS, at("one"), { spec: { color: "blue" } });
  await told("default/one changed blue-good");
  expect(informer.store.by("color", "blue").map(({ metadata }) => metadata.name)).toEqual(["one"]);
  await client.remove(THINGS, at("one"), { uid: made.metadata.uid });
  await told("default/one deleted");
  expect(informer.store.get("default/one")).toBeUndefined();
  expect(story.filter((line) => line.includes("/one"))).toHaveLength(4);
  await client.remove(THINGS, at("there"));
  await told("default/there deleted");
});

test("an own write is in the store at once, and its echo is no second change", async () => {
  const { informer, story, told } = informed();
  await informer.synced;
  const made = await client.create(THINGS, draft("own"));
  informer.put(made);
  // The event may have come before the reply; either way the store holds this version now.
  expect(informer.store.get("default/own")).toEqual(made);
  informer.put(await client.mergePatch(THINGS, at("own"), { spec: { color: "blue" } }));
  await client.create(THINGS, draft("after"));
  await told("default/after added red");
  expect(story.filter((line) => line.includes("/own"))).toEqual(["default/own added red", "default/own changed blue"]);
  for (const name of ["own", "after"]) await client.remove(THINGS, at(name));
});

test("an informer lives through a restart of the API server and misses nothing", async ({ skip }) => {
  skip(!cluster.owned, "only a control plane of our own can be restarted: unset ASHAT_TEST_CONTEXT");
  const { informer, told } = informed();
  await informer.synced;
  await client.create(THINGS, draft("before"));
  await told("default/before added red");
  await cluster.restartApiServer();
  await client.create(THINGS, draft("later"));
  await client.mergePatch(THINGS, at("before"), { spec: { color: "green" } });
  await told("default/later added red");
  await told("default/before changed green");
  await client.remove(THINGS, at("before"));
  await client.remove(THINGS, at("later"));
  await told("default/before deleted");
  await told("default/later deleted");
});

test("an informer lives through a change of the kind's schema and sees the new field", async () => {
  const { informer, told, until } = informed();
  const { signal } = new AbortController();
  const schemas = createSchemas({ client, log: silent, kinds: [{ resource: THINGS, refresh: informer.refresh }] });
  await informer.synced;
  await schemas.look(signal);
  await client.create(THINGS, draft("schema"));
  await told("default/schema added red");
  await client.mergePatch(CRDS, { name: "things.example.com" }, { spec: crd({ size: { type: "integer" } }).spec });
  // The new schema takes effect a moment after it was accepted.
  let patched: Thing;
  do patched = await client.mergePatch(THINGS, at("schema"), { spec: { color: "blue", size: 3 } });
  while (!("size" in (patched.spec ?? {})));
  await client.mergePatch(THINGS, at("schema"), { spec: { color: "black" } });
  await told("default/schema changed black");
  // The open stream goes on reading by the old schema, without the field, and no event ever corrects that: seen on 1.36.
  await schemas.look(signal);
  await until(() => "size" in (informer.store.get("default/schema")?.spec ?? {}));
  expect(informer.store.get("default/schema")?.spec).toEqual({ color: "black", size: 3 });
  await client.remove(THINGS, at("schema"));
  await told("default/schema deleted");
});

test("status for another uid or an older version is a conflict, without a version it is refused", async () => {
  const made = await client.create(THINGS, draft("status"));
  const { metadata } = made;
  const other = { metadata: { ...metadata, uid: "00000000-0000-0000-0000-000000000000" } };
  expect(conflict(await errorOf(client.replaceStatus(THINGS, other, { phase: "x" })))).toBe(true);
  const forgotten = { metadata: { ...metadata, resourceVersion: "" } };
  expect(invalid(await errorOf(client.replaceStatus(THINGS, forgotten, { phase: "x" })))).toBe(true);
  const written = await client.replaceStatus(THINGS, made, { phase: "x" });
  expect([written.status?.phase, written.spec?.color]).toEqual(["x", "red"]);
  expect(conflict(await errorOf(client.replaceStatus(THINGS, made, { phase: "y" })))).toBe(true);
  expect((await client.replaceStatus(THINGS, written, { phase: "x" })).metadata.resourceVersion).toBe(
    written.metadata.resourceVersion,
  );
  expect(
    conflict(await errorOf(client.remove(THINGS, at("status"), { resourceVersion: metadata.resourceVersion }))),
  ).toBe(true);
  await client.remove(THINGS, at("status"), { uid: metadata.uid, resourceVersion: written.metadata.resourceVersion });
});

test("creation, apply, patch, dry run, strict validation, paging and impersonation answer as the client says", async () => {
  await client.create(THINGS, draft("calls"));
  expect(alreadyExists(await errorOf(client.create(THINGS, draft("calls"))))).toBe(true);
  const strict = await errorOf(
    client.create(THINGS, { metadata: at("strict"), spec: { colour: "red" } }, { fieldValidation: "Strict" }),
  );
  expect(strict instanceof ApiError && strict.message).toMatch(/unknown field "spec.colour"/);
  expect(conflict(await errorOf(client.apply(THINGS, draft("calls", "blue"), { fieldManager: "other" })))).toBe(true);
  expect(
    (await client.apply(THINGS, draft("calls", "blue"), { fieldManager: "other", force: true, dryRun: true })).spec
      ?.color,
  ).toBe("blue");
  expect((await client.get(THINGS, at("calls"))).spec?.color).toBe("red");
  expect(
    (await client.jsonPatch(THINGS, at("calls"), [{ op: "replace", path: "/spec/color", value: "green" }])).spec?.color,
  ).toBe("green");
  expect(forbidden(await errorOf(client.as("nobody", ["system:authenticated"]).get(THINGS, at("calls"))))).toBe(true);
  expect(JSON.parse(await client.raw("/version"))).toHaveProperty("gitVersion");
  await client.remove(THINGS, at("calls"));
  expect(notFound(await errorOf(client.get(THINGS, at("calls"))))).toBe(true);
  expect(await client.find(THINGS, at("calls"))).toBeUndefined();
  expect(await client.find(THINGS, { namespace: "no-such", name: "x" })).toBeUndefined();
  expect(notFound(await errorOf(client.find({ ...THINGS, plural: "unserved" }, at("calls"))))).toBe(true);
});

test("a list of more than a page is complete", async () => {
  const namespace = "many";
  await client.create(NAMESPACES, { metadata: { name: namespace } });
  const names = Array.from({ length: 520 }, (_, index) => `many-${index}`);
  // No more at a time than there are connections: the deadline of a call counts from when it is asked for.
  for (let from = 0; from < names.length; from += 16) {
    await Promise.all(
      names.slice(from, from + 16).map((name) => client.create(THINGS, { metadata: { namespace, name } })),
    );
  }
  const { items, resourceVersion } = await client.list(THINGS, { namespace });
  expect(new Set(items.map(({ metadata }) => metadata.name))).toEqual(new Set(names));
  expect(items[0]).toMatchObject({ apiVersion: "example.com/v1", kind: "Thing" });
  expect(Number(resourceVersion)).toBeGreaterThan(0);
  await client.remove(NAMESPACES, { name: namespace });
});

/** Terms short enough for a test; their proportions are the real ones. */
const TERMS = { durationMs: 3000, renewWithinMs: 2000, retryMs: 400 } as const;
const candidate = (identity: string, name: string, more: { readonly client?: Client } = {}) => {
  const stop = new AbortController();
  const held = acquireLease(
    {
      client: more.client ?? client,
      namespace: NAMESPACE,
      name,
      identity,
      random: Math.random,
      log: silent,
      terms: TERMS,
    },
    stop.signal,
  );
  return { held, stop };
};

test("of two candidates one is the leader; when it gives the lease back the other follows without waiting for its end", async () => {
  const [a, b] = [candidate("a", "graceful"), candidate("b", "graceful")];
  const first = await Promise.race([
    a.held.then((held) => ({ held, other: b.held, name: "a" })),
    b.held.then((held) => ({ held, other: a.held, name: "b" })),
  ]);
  expect(first.held.valid()).toBe(true);
  expect((await client.get(LEASES, at("graceful"))).spec?.holderIdentity).toBe(first.name);
  await first.held.release();
  expect(first.held.valid()).toBe(false);
  const second = await first.other;
  expect(second.valid()).toBe(true);
  const { spec } = await client.get(LEASES, at("graceful"));
  expect(spec?.holderIdentity).not.toBe(first.name);
  expect(spec?.renewTime).toMatch(/\.\d{6}Z$/);
  expect(first.held.lost.aborted).toBe(false);
  await second.release();
  expect((await client.get(LEASES, at("graceful"))).spec?.holderIdentity ?? "").toBe("");
});

test("a leader that cannot reach the server stops before another one begins", async () => {
  const own = createClient(await loadConfig({ kubeconfig: cluster.kubeconfig, env: {} }), {
    fieldManager: "a",
    userAgent: "a",
  });
  const leader = await candidate("a", "cut-off", { client: own }).held;
  const lost = new Promise<number>((resolve) => {
    leader.lost.addEventListener("abort", () => resolve(performance.now()), { once: true });
  });
  const next = candidate("b", "cut-off");
  await own.close();
  const follower = await next.held;
  const began = performance.now();
  expect(await lost).toBeLessThan(began);
  expect(leader.valid()).toBe(false);
  expect(follower.valid()).toBe(true);
  expect((await client.get(LEASES, at("cut-off"))).spec).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
  await follower.release();
});

test("a leader whose lease somebody else took knows it is lost", async () => {
  const leader = await candidate("a", "stolen").held;
  const lost = new Promise<void>((resolve) => {
    leader.lost.addEventListener("abort", () => resolve(), { once: true });
  });
  await client.mergePatch(LEASES, at("stolen"), { spec: { holderIdentity: "thief" } });
  await lost;
  expect(leader.valid()).toBe(false);
  await leader.release();
  expect((await client.get(LEASES, at("stolen"))).spec?.holderIdentity).toBe("thief");
});

test("an event is told once for the same content, however often it is told", async () => {
  const about = await client.create(THINGS, draft("eventful"));
  const tell = createEvents({
    client,
    reportingController: "example.com/test",
    reportingInstance: "test-1",
    log: silent,
  });
  const telling = {
    about,
    type: "Normal",
    reason: "Verified",
    action: "Verify",
    note: "€".repeat(1000),
    content: ["public", "1"],
  } as const;
  expect(await tell(telling)).toBe(true);
  expect(await tell({ ...telling, note: "said again" })).toBe(false);
  expect(await tell({ ...telling, content: ["public", "2"] })).toBe(true);
  const { items } = await client.list(EVENTS, { namespace: NAMESPACE });
  const ours = items.filter((event) => event.metadata.name.startsWith("eventful."));
  expect(ours).toHaveLength(2);
  await client.remove(THINGS, at("eventful"));
});
