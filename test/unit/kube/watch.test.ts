import { afterEach, expect, test } from "vitest";
import { createClient } from "../../../src/kube/client.ts";
import type { Client } from "../../../src/kube/client.ts";
import { ApiError } from "../../../src/kube/errors.ts";
import type { KubeObject, Resource } from "../../../src/kube/types.ts";
import { watch } from "../../../src/kube/watch.ts";
import type { WatchEvent } from "../../../src/kube/watch.ts";
import { faultyServer, status } from "./faulty-server.ts";
import type { Answer, Seen } from "./faulty-server.ts";

const THINGS: Resource = { group: "example.com", version: "v1", plural: "things", kind: "Thing", namespaced: true };
const thing = (name: string, resourceVersion: string) => ({
  metadata: { name, namespace: "default", uid: `uid-${name}`, resourceVersion, managedFields: [{ manager: "x" }] },
});
const event = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;
const list = (resourceVersion: string, ...items: unknown[]): Answer => ({
  body: { metadata: { resourceVersion }, items },
});
const quiet: Answer = { pieces: [], last: "hang" };

const refusing = () => {
  throw new Error("cannot");
};

let clean: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of clean) await step();
  clean = [];
});

/** The script has one entry per request; the last one repeats. */
const watching = async (
  script: readonly Answer[],
  options: { readonly idleMs?: number; readonly project?: (object: KubeObject) => KubeObject } = {},
) => {
  const server = await faultyServer((_request, index) => script[Math.min(index, script.length - 1)] ?? "hang");
  const client: Client = createClient(server.connection, { fieldManager: "test", userAgent: "test" });
  const stop = new AbortController();
  const events = watch(client, THINGS, { signal: stop.signal, random: () => 0, ...options });
  clean.push(async () => {
    stop.abort();
    await events.return(undefined);
    await client.close();
    await server.close();
  });
  const told: string[] = [];
  const next = async (): Promise<WatchEvent<KubeObject>> => {
    for (;;) {
      const { value, done } = await events.next();
      if (done === true) throw new Error("the watch ended");
      if (value.type === "watching") continue;
      told.push(short(value));
      return value;
    }
  };
  const until = async (wanted: string): Promise<string[]> => {
    const from = told.length;
    while (short(await next()) !== wanted);
    return told.slice(from);
  };
  return { next, until, told, seen: server.seen, stop, events };
};

const short = (event: WatchEvent<KubeObject>): string => {
  if (event.type === "put" || event.type === "gone")
    return `${event.type} ${event.object.metadata.name}@${event.object.metadata.resourceVersion}`;
  return event.type === "trouble"
    ? `trouble ${event.error instanceof ApiError ? event.error.status : event.error.name}`
    : event.type;
};
const from = (request: Seen | undefined) => request?.url.searchParams.get("resourceVersion");
const isWatch = (request: Seen | undefined) => request?.url.searchParams.get("watch") === "true";

test("a list of two pages is one complete set, read consistently and watched from the version of the list", async () => {
  const pages: Answer[] = [
    { body: { metadata: { resourceVersion: "10", continue: "more" }, items: [thing("a", "3")] } },
    { body: { metadata: { resourceVersion: "10" }, items: [thing("b", "4")] } },
    { pieces: [event("DELETED", thing("a", "11"))], last: "hang" },
  ];
  const { until, seen } = await watching(pages);
  expect(await until("gone a@11")).toEqual(["listing", "put a@3", "put b@4", "listed", "gone a@11"]);
  expect(seen.map(from)).toEqual([null, null, "10"]);
  expect(seen[1]?.url.searchParams.get("continue")).toBe("more");
  expect(seen[2]?.url.searchParams.get("allowWatchBookmarks")).toBe("true");
  const seconds = Number(seen[2]?.url.searchParams.get("timeoutSeconds"));
  expect(seconds).toBeGreaterThanOrEqual(20);
  expect(seconds).toBeLessThanOrEqual(25);
});

test("objects get the words a list leaves out and lose their managed fields, before they are projected", async () => {
  const { next } = await watching([list("10", thing("a", "3")), quiet], {
    project: (object) => ({ ...object, kind: `${object.kind}!` }),
  });
  await next();
  const put = await next();
  expect(put).toMatchObject({
    type: "put",
    object: { apiVersion: "example.com/v1", kind: "Thing!", metadata: { managedFields: undefined } },
  });
});

test("an object that cannot be projected is kept whole, because leaving it out would look like a deletion", async () => {
  const { until } = await watching([list("10", thing("a", "3")), quiet], { project: refusing });
  expect(await until("listed")).toEqual(["listing", "put a@3", "listed"]);
});

test("a stream cut in the middle of a line resumes from the last complete event and loses nothing", async () => {
  const { until, seen } = await watching([
    list("10"),
    { pieces: [event("ADDED", thing("a", "11")), event("ADDED", thing("b", "12")).slice(0, 40)], last: "cut" },
    list("12"),
    { pieces: [event("ADDED", thing("b", "12"))], last: "hang" },
  ]);
  expect(await until("put b@12")).toEqual(["listing", "listed", "put a@11", "trouble Error", "put b@12"]);
  expect(from(seen[3])).toBe("11");
});

test("a stream that ends in the middle of a line without an error resumes likewise", async () => {
  const { until, seen } = await watching([
    list("10"),
    { pieces: [event("ADDED", thing("a", "11")), '{"type":"ADD'], last: "end" },
    { pieces: [event("ADDED", thing("b", "12"))], last: "hang" },
  ]);
  expect(await until("put b@12")).toEqual(["listing", "listed", "put a@11", "put b@12"]);
  expect(from(seen[2])).toBe("11");
});

test("a bookmark moves the version that is resumed from", async () => {
  const { until, seen } = await watching([
    list("10"),
    { pieces: [event("BOOKMARK", { metadata: { resourceVersion: "50" } })], last: "end" },
    { pieces: [event("ADDED", thing("a", "51"))], last: "hang" },
  ]);
  await until("put a@51");
  expect(from(seen[2])).toBe("50");
});

test("an event that was not yet taken is sent again after a cut", async () => {
  const { next, seen, events } = await watching([
    list("10"),
    { pieces: [event("ADDED", thing("a", "11"))], last: "hang" },
  ]);
  await next();
  await next();
  expect(short(await next())).toBe("put a@11");
  // The consumer never comes back for more, so version 11 was never committed: nothing was asked from there.
  await events.return(undefined);
  expect(seen.map(from)).toEqual([null, "10"]);
});

test.each<[string, Answer]>([
  ["HTTP 410", { status: 410, body: status(410, "Expired", "too old resource version") }],
  [
    "an ERROR event with 410",
    { pieces: [event("ERROR", status(410, "Expired", "too old resource version"))], last: "end" },
  ],
  [
    "an ERROR event with 500",
    { pieces: [event("ERROR", status(500, "InternalError", "etcd event received with PrevKv=nil"))], last: "end" },
  ],
  ["a line that is not JSON", { pieces: ["<html>bad gateway</html>\n"], last: "end" }],
  ["a line that is no event", { pieces: ["null\n"], last: "end" }],
  ["an unknown event type", { pieces: [event("CHANGED", thing("a", "11"))], last: "end" }],
  ["a version that goes back", { pieces: [event("ADDED", thing("a", "9"))], last: "hang" }],
  [
    "a version too large for a restored server",
    { status: 504, body: status(504, "Timeout", "Too large resource version: 10, current: 3") },
  ],
  ["403", { status: 403, body: status(403, "Forbidden", "cannot watch") }],
])("%s leads to a new list", async (_name, answer) => {
  const { until, seen } = await watching([list("10", thing("a", "3")), answer, list("20", thing("b", "15")), quiet]);
  await until("listed");
  const [trouble, ...rest] = await until("listed");
  expect(trouble).toMatch(/^trouble /);
  expect(rest).toEqual(["listing", "put b@15", "listed"]);
  expect(from(seen[2])).toBeNull();
  expect(isWatch(seen[2])).toBe(false);
});

test("a list older than what was told before says that the server was restored from an earlier state", async () => {
  const tooLarge = { status: 504, body: status(504, "Timeout", "Too large resource version: 10, current: 3") };
  const { until } = await watching([list("10", thing("a", "9")), tooLarge, list("3", thing("a", "2")), quiet]);
  await until("listed");
  expect((await until("listed")).slice(1)).toEqual(["listing", "rewound", "put a@2", "listed"]);
});

test("a server that was away is listed anew: it may have been restored, and have caught up with the version that was watched", async () => {
  const { until, seen } = await watching([list("10"), "cut", list("20", thing("b", "15")), quiet]);
  await until("listed");
  expect(await until("listed")).toEqual(["trouble 0", "listing", "put b@15", "listed"]);
  expect(isWatch(seen[2])).toBe(false);
});

test("a stream that broke is taken up where the server is as new as it was, and listed anew where it is behind: that one would tell nothing", async () => {
  const { until, seen } = await watching(
    [
      list("10", thing("a", "9")),
      quiet,
      list("10"),
      { pieces: [event("ADDED", thing("b", "11"))], last: "hang" },
      list("3"),
      list("3", thing("a", "2")),
      quiet,
    ],
    { idleMs: 300 },
  );
  await until("put b@11");
  expect(seen[2]?.url.searchParams.get("limit")).toBe("1");
  expect(from(seen[3])).toBe("10");
  const told = await until("listed");
  expect(told.slice(-4)).toEqual(["listing", "rewound", "put a@2", "listed"]);
});

test("a half-open connection is given up after the idle time and the watch resumes", async () => {
  const { until, seen } = await watching(
    [list("10"), quiet, list("10"), { pieces: [event("ADDED", thing("a", "11"))], last: "hang" }],
    { idleMs: 300 },
  );
  expect(await until("put a@11")).toEqual(["listing", "listed", "trouble Error", "put a@11"]);
  expect(from(seen[3])).toBe("10");
});

test("a list that is throttled waits as long as the server asks, then begins anew", async () => {
  const { next } = await watching([
    { status: 429, headers: { "retry-after": "1" }, body: status(429, "TooManyRequests", "later") },
    list("10"),
    quiet,
  ]);
  expect((await next()).type).toBe("listing");
  expect(await next()).toMatchObject({ type: "trouble", againInMs: 1000 });
  expect((await next()).type).toBe("listing");
  expect((await next()).type).toBe("listed");
});

test("a list whose second page is lost begins anew, so that no set is taken for complete", async () => {
  const { until } = await watching([
    { body: { metadata: { resourceVersion: "10", continue: "more" }, items: [thing("a", "3")] } },
    "cut",
    "cut",
    list("12", thing("b", "4")),
    quiet,
  ]);
  expect(await until("listed")).toEqual(["listing", "put a@3", "trouble 0", "listing", "put b@4", "listed"]);
});

test("a server that closes every stream at once is not asked in a hot loop", async () => {
  const { until, seen } = await watching([list("10"), { pieces: [], last: "end" }]);
  await until("trouble StaleVersion");
  expect(seen.length).toBe(3);
});

test("an abort ends a silent watch", async () => {
  const { until, stop, events } = await watching([list("10"), quiet]);
  await until("listed");
  expect((await events.next()).value).toEqual({ type: "watching" });
  const end = events.next();
  stop.abort();
  expect(await end).toEqual({ value: undefined, done: true });
});
