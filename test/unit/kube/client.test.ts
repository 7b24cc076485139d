import { afterEach, expect, test } from "vitest";
import { createClient } from "../../../src/kube/client.ts";
import {
  alreadyExists,
  ApiError,
  conflict,
  invalid,
  notFound,
  throttled,
  unreachable,
} from "../../../src/kube/errors.ts";
import type { KubeObject, Resource } from "../../../src/kube/types.ts";
import { faultyServer, status } from "./faulty-server.ts";
import type { Answer } from "./faulty-server.ts";

type Thing = KubeObject & { readonly status?: object };
const THINGS: Resource<Thing> = {
  group: "example.com",
  version: "v1",
  plural: "things",
  kind: "Thing",
  namespaced: true,
};
const NODES: Resource = { group: "", version: "v1", plural: "nodes", kind: "Node", namespaced: false };
const AT = { namespace: "ns", name: "a" };
const thing = { metadata: { ...AT, uid: "u1", resourceVersion: "7" } };

let clean: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of clean) await step();
  clean = [];
});

const talkingTo = async (script: readonly Answer[], authorization?: (fresh: boolean) => Promise<string>) => {
  const server = await faultyServer((_request, index) => script[Math.min(index, script.length - 1)] ?? "hang");
  const connection = authorization === undefined ? server.connection : { ...server.connection, authorization };
  const client = createClient(connection, { fieldManager: "mine", userAgent: "test/1" });
  clean.push(client.close, server.close);
  return { client, seen: server.seen, server };
};
const errorOf = async (promise: Promise<unknown>): Promise<ApiError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApiError)) throw new Error(`not an ApiError: ${String(error)}`);
  return error;
};

test("paths of namespaced, cluster-wide and core kinds are the API server's", async () => {
  const { client, seen } = await talkingTo([{ body: { ...thing, items: [] } }]);
  await client.get(THINGS, AT);
  await client.list(THINGS);
  await client.list(THINGS, { namespace: "ns", labelSelector: "a=b" });
  await client.get(NODES, { name: "n1" });
  expect(seen.map(({ url }) => url.pathname + url.search)).toEqual([
    "/apis/example.com/v1/namespaces/ns/things/a",
    "/apis/example.com/v1/things?limit=500",
    "/apis/example.com/v1/namespaces/ns/things?labelSelector=a%3Db&limit=500",
    "/api/v1/nodes/n1",
  ]);
  expect(seen[0]?.headers).toMatchObject({ authorization: "Bearer canary-token", "user-agent": "test/1" });
});

test.each(["", ".", ".."])("the name %j is refused, because its path would mean something else", async (name) => {
  const { client, seen } = await talkingTo([{}]);
  await expect(client.remove(THINGS, { namespace: "ns", name })).rejects.toThrow(/cannot be part of a request path/);
  await expect(client.get(THINGS, { name: "a" })).rejects.toThrow(/names no namespace/);
  expect(seen).toEqual([]);
});

test("status is written whole, for exactly the uid and version that were read", async () => {
  const { client, seen } = await talkingTo([{ body: thing }]);
  await client.replaceStatus(THINGS, { ...thing, spec: { big: true } } as never, { phase: "x" });
  expect(seen[0]?.method).toBe("PUT");
  expect(seen[0]?.url.pathname + (seen[0]?.url.search ?? "")).toBe(
    "/apis/example.com/v1/namespaces/ns/things/a/status?fieldManager=mine",
  );
  expect(JSON.parse(seen[0]?.body ?? "")).toEqual({
    apiVersion: "example.com/v1",
    kind: "Thing",
    metadata: { namespace: "ns", name: "a", uid: "u1", resourceVersion: "7" },
    status: { phase: "x" },
  });
});

test("each kind of patch says what it is, and deletions carry their preconditions", async () => {
  const { client, seen } = await talkingTo([{ body: thing }]);
  await client.apply(THINGS, { metadata: AT, spec: {} }, { force: true, fieldManager: "other", dryRun: true });
  await client.mergePatch(THINGS, AT, { metadata: {} });
  await client.jsonPatch(THINGS, AT, [{ op: "remove", path: "/spec" }], { subresource: "status" });
  await client.remove(THINGS, AT, { uid: "u1", resourceVersion: "7", propagationPolicy: "Background" });
  expect(seen.slice(0, 3).map(({ headers }) => headers["content-type"])).toEqual([
    "application/apply-patch+yaml",
    "application/merge-patch+json",
    "application/json-patch+json",
  ]);
  expect(seen[0]?.url.search).toBe("?fieldManager=other&dryRun=All&force=true");
  expect(seen[2]?.url.pathname).toMatch(/\/a\/status$/);
  expect(JSON.parse(seen[3]?.body ?? "")).toMatchObject({
    preconditions: { uid: "u1", resourceVersion: "7" },
    propagationPolicy: "Background",
  });
});

test("an object that is absent is no error, a kind that is not served is", async () => {
  const { client } = await talkingTo([
    {
      status: 404,
      body: { ...status(404, "NotFound", 'things "a" not found'), details: { name: "a", kind: "things" } },
    },
    {
      status: 404,
      body: { ...status(404, "NotFound", "the server could not find the requested resource"), details: {} },
    },
  ]);
  expect(await client.find(THINGS, AT)).toBeUndefined();
  expect(notFound(await errorOf(client.find(THINGS, AT)))).toBe(true);
});

test("a server that has just started is asked again for as long as it says so, also for a creation", async () => {
  const { client, seen } = await talkingTo([
    {
      status: 503,
      headers: { "retry-after": "0" },
      body: status(503, "ServiceUnavailable", "not all paths are installed"),
    },
    {
      status: 429,
      headers: { "retry-after": "0" },
      body: status(429, "TooManyRequests", "storage is (re)initializing"),
    },
    { body: thing },
  ]);
  expect(await client.create(THINGS, { metadata: AT })).toMatchObject({ kind: "Thing" });
  expect(seen.length).toBe(3);
});

test("an overloaded server's refusal is handed on with its wait, not repeated", async () => {
  const { client, seen } = await talkingTo([
    { status: 429, headers: { "retry-after": "3" }, body: status(429, "TooManyRequests", "too many requests") },
  ]);
  const error = await errorOf(client.get(THINGS, AT));
  expect(throttled(error)).toBe(true);
  expect(error.retryAfterMs).toBe(3000);
  expect(seen.length).toBe(1);
});

test("a 503 that no API server wrote is not taken for a rejection", async () => {
  const { client, seen } = await talkingTo([{ status: 503, body: "<html>upstream broke</html>" }]);
  expect((await errorOf(client.create(THINGS, { metadata: AT }))).status).toBe(503);
  expect(seen.length).toBe(1);
});

test("a lease call is not repeated by itself", async () => {
  const { client, seen } = await talkingTo([
    { status: 503, headers: { "retry-after": "0" }, body: status(503, "ServiceUnavailable", "starting") },
  ]);
  await errorOf(client.get(THINGS, AT, { lane: "lease" }));
  expect(seen.length).toBe(1);
});

test("a refused token is replaced once, a second refusal is final", async () => {
  const asked: boolean[] = [];
  const { client, seen } = await talkingTo([{ status: 401, body: status(401, "Unauthorized", "no") }], (fresh) => {
    asked.push(fresh);
    return Promise.resolve(`Bearer ${asked.length}`);
  });
  const error = await errorOf(client.get(THINGS, AT));
  expect(error.status).toBe(401);
  expect(asked).toEqual([false, true]);
  expect(seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer 1", "Bearer 2"]);
});

test("a call to a server that hangs ends at its deadline and says that the effect is unknown", async () => {
  const { client } = await talkingTo(["hang"]);
  const error = await errorOf(client.create(THINGS, { metadata: AT }, { deadlineMs: 50 }));
  expect(unreachable(error)).toBe(true);
  expect(error.message).toMatch(
    /^POST \/apis\/example\.com\/v1\/namespaces\/ns\/things got no reply from http:\S+ within 50 ms; whether it took effect is unknown\.$/,
  );
});

test("a connection that breaks before the reply is an unknown effect and is not repeated", async () => {
  const { client, seen } = await talkingTo(["cut"]);
  expect(unreachable(await errorOf(client.create(THINGS, { metadata: AT })))).toBe(true);
  expect(seen.length).toBe(1);
});

test.each([
  ["cut in the middle", { pieces: ['{"metadata":'], last: "cut" }],
  ["not JSON", { body: "<html>" }],
] as const)("a reply that is %s is no success", async (_name, answer) => {
  const { client } = await talkingTo([answer]);
  expect(unreachable(await errorOf(client.get(THINGS, AT)))).toBe(true);
});

test.for([
  ["cut off before the reply", "cut"],
  ["cut in the middle", { pieces: ['{"metadata":'], last: "cut" }],
  ["garbled", { pieces: ['{"metadata":'], last: "end" }],
] as const satisfies readonly (readonly [string, Answer])[])(
  "a read that is %s is asked once more, and not twice",
  async ([, bad]) => {
    const lucky = await talkingTo([bad, { body: thing }]);
    expect(await lucky.client.get(THINGS, AT)).toMatchObject({ kind: "Thing" });
    const unlucky = await talkingTo([bad, bad, { body: thing }]);
    expect((await errorOf(unlucky.client.get(THINGS, AT))).status).toBe(0);
    expect(unlucky.seen.length).toBe(2);
  },
);

test("an abort ends a call with the caller's own reason", async () => {
  const { client } = await talkingTo(["hang"]);
  const stop = new AbortController();
  const call = client.get(THINGS, AT, { signal: stop.signal });
  stop.abort(new Error("enough"));
  await expect(call).rejects.toThrow("enough");
});

test("errors are told apart, fit on one line, and never hold the token", async () => {
  const { client, server } = await talkingTo([
    { status: 409, body: status(409, "AlreadyExists", 'things "a" already exists') },
    { status: 409, body: status(409, "Conflict", "the object has been\n  modified") },
    {
      status: 422,
      body: { ...status(422, "Invalid", "bad"), details: { causes: [{ field: "spec.x", message: "required" }] } },
    },
  ]);
  const [exists, stale, wrong] = [
    await errorOf(client.get(THINGS, AT)),
    await errorOf(client.get(THINGS, AT)),
    await errorOf(client.get(THINGS, AT)),
  ];
  expect([alreadyExists(exists), conflict(exists)]).toEqual([true, false]);
  expect([alreadyExists(stale), conflict(stale)]).toEqual([false, true]);
  expect(stale.message).toBe(
    "GET /apis/example.com/v1/namespaces/ns/things/a was answered 409 Conflict: the object has been modified",
  );
  expect(invalid(wrong)).toBe(true);
  expect(wrong.details?.causes?.[0]?.field).toBe("spec.x");
  await server.close();
  const lost = await errorOf(client.get(THINGS, AT));
  expect(lost.message).toMatch(/got no usable reply from http:\S+ \(.+\); whether it took effect is unknown\.$/);
  for (const error of [exists, stale, wrong, lost])
    expect(JSON.stringify([error.message, String(error.cause), error.stack])).not.toContain("canary");
});
