import { afterEach, expect, test } from "vitest";
import { createClient } from "../../../src/kube/client.ts";
import type { KubeObject, Resource } from "../../../src/kube/types.ts";
import { createInformer } from "../../../src/runtime/informer.ts";
import { faultyServer, status } from "./faulty-server.ts";
import type { IndexFunctions } from "../../../src/runtime/indexes.ts";
import type { Answer } from "./faulty-server.ts";

const THINGS: Resource = { group: "example.com", version: "v1", plural: "things", kind: "Thing", namespaced: true };
const thing = (name: string, resourceVersion: string) => ({
  metadata: { name, namespace: "default", uid: `uid-${name}`, resourceVersion },
});
const list = (resourceVersion: string, ...items: unknown[]): Answer => ({
  body: { metadata: { resourceVersion }, items },
});
const quiet: Answer = { pieces: [], last: "hang" };

const redUnlessBad = (object: KubeObject): readonly string[] => {
  if (object.metadata.name === "bad") throw new TypeError("no spec");
  return ["red"];
};

let clean: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of clean) await step();
  clean = [];
});

type Options = { readonly refreshMs?: number; readonly indexes?: IndexFunctions<KubeObject, "color"> };
const informing = async (script: readonly Answer[], options: Options = {}) => {
  const server = await faultyServer((_request, index) => script[Math.min(index, script.length - 1)] ?? "hang");
  const client = createClient(server.connection, { fieldManager: "test", userAgent: "test" });
  const complaints: string[] = [];
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (_fields: object, sentence: string) => {
      complaints.push(sentence);
    },
  };
  const informer = createInformer<KubeObject, "color">({
    client,
    kind: { resource: THINGS },
    indexes: { color: () => [] },
    random: () => 0,
    log,
    ...options,
  });
  const stop = new AbortController();
  const run = informer.run(stop.signal);
  clean.push(async () => {
    stop.abort();
    await run;
    await client.close();
    await server.close();
  });
  const changed = (name: string, gone: boolean) =>
    new Promise<void>((resolve) => {
      informer.subscribe((key, object) => {
        if (key === `default/${name}` && (object === undefined) === gone) resolve();
      });
    });
  return { informer, changed, complaints, seen: server.seen };
};

test("a subscriber that throws costs neither the others nor the watch", async () => {
  const { informer, changed, complaints } = await informing([
    list("10", thing("a", "1")),
    { pieces: [`${JSON.stringify({ type: "ADDED", object: thing("b", "11") })}\n`], last: "hang" },
  ]);
  informer.subscribe(() => {
    throw new Error("careless");
  });
  await changed("b", false);
  expect(complaints.length).toBeGreaterThan(0);
});

test("an object that cannot be indexed is stored without, and costs neither the others nor the watch", async () => {
  const { informer, complaints } = await informing([list("10", thing("bad", "1"), thing("good", "2")), quiet], {
    indexes: { color: redUnlessBad },
  });
  await informer.synced;
  expect(informer.store.get("default/bad")).toBeDefined();
  expect(informer.store.by("color", "red").map(({ metadata }) => metadata.name)).toEqual(["good"]);
  expect(complaints).toEqual(["An object cannot be indexed; it is in the store without."]);
});

test("a deletion that the watch never told is found by the next complete list", async () => {
  const { informer, changed } = await informing(
    [list("10", thing("a", "1"), thing("b", "2")), quiet, list("20", thing("b", "2")), quiet],
    { refreshMs: 100 },
  );
  const gone = changed("a", true);
  await informer.synced;
  await gone;
  expect([...informer.store.all()].map(({ metadata }) => metadata.name)).toEqual(["b"]);
});

test("it does not count as filled before a list is complete, and says why", async () => {
  const { informer, changed } = await informing([
    { body: { metadata: { resourceVersion: "10", continue: "more" }, items: [thing("a", "1")] } },
    { status: 403, body: status(403, "Forbidden", "not yours") },
  ]);
  await changed("a", false);
  expect(informer.isSynced()).toBe(false);
  while (informer.trouble() === undefined)
    await new Promise((done) => {
      setImmediate(done);
    });
  expect(informer.trouble()?.message).toContain("403 Forbidden");
  expect(informer.isSynced()).toBe(false);
});
