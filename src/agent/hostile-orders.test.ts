import { connect } from "node:tls";
import { request } from "undici";
import { describe, expect, it } from "vitest";
import { openSiege, type Raw } from "../../test/targets/siege.ts";
import { orderFor } from "../../test/targets/target.ts";
import type { OrderClaims } from "../api/order.ts";
import { signJws, TYP } from "../licence/jws.ts";
import { signOrder, signRead } from "../licence/sign.ts";

const { here, release, carryOut, web, raw, isRefused, loose, ...siege } = openSiege();
const at = Math.floor(Date.now() / 1000);

const signed = async (claims: OrderClaims): Promise<Raw> => ({
  path: `/v1/orders/${claims.key}`,
  body: await signOrder(here().operator.key, claims),
});
/** Read with the token of somebody, or at some time. */
const reading = async (path: string, aud: string, now = new Date()): Promise<Raw> => ({
  method: "GET",
  path,
  headers: { authorization: `Bearer ${await signRead(here().operator.key, { aud, now })}` },
});

/** What is wrong with a claim, for an order of either kind. */
const claims: readonly (readonly [string, Readonly<Record<string, unknown>>, number, string])[] = [
  ["for another target", { aud: "shop/other" }, 401, "WrongAudience"],
  ["for the same name in another namespace", { aud: "shop2/target-1" }, 401, "WrongAudience"],
  ["for two targets", { aud: ["shop/target-1", "shop/other"] }, 400, "Malformed"],
  ["for a path", { aud: "../../etc/passwd" }, 400, "Malformed"],
  ["that has expired by a second", { exp: at - 1 }, 401, "Expired"],
  ["that does not count yet", { nbf: at + 600, exp: at + 900 }, 401, "NotYetValid"],
  ["that ends when time does", { exp: Number.MAX_SAFE_INTEGER }, 400, "Malformed"],
  ["without an end", { exp: undefined }, 400, "Malformed"],
  ["without a beginning", { nbf: undefined }, 400, "Malformed"],
  ["whose end is text", { exp: "2099-01-01" }, 400, "Malformed"],
  ["that says another sequence than its key", { sequence: 7 }, 400, "KeyMismatch"],
  ["that says another app than its key", { app: "shop" }, 400, "KeyMismatch"],
  ["that says another layer than its key", { layer: "web" }, 400, "KeyMismatch"],
  ["with a claim it does not know", { also: "this" }, 400, "Malformed"],
  ["with a claim that changes what objects are", { constructor: { prototype: { polluted: true } } }, 400, "Malformed"],
  ["whose app is a path", { app: "../../etc" }, 400, "Malformed"],
  ["whose app is a dot folder", { app: ".ashat" }, 400, "Malformed"],
  ["whose app has an upper-case twin", { app: "Default" }, 400, "Malformed"],
  ["whose app only looks like ours", { app: "defаult" }, 400, "Malformed"],
  ["whose app has a NUL", { app: "default\0" }, 400, "Malformed"],
  ["whose app has a line break", { app: "default\n" }, 400, "Malformed"],
  ["whose layer is a path", { layer: "main/../../../etc" }, 400, "Malformed"],
  ["whose layer is nothing", { layer: "" }, 400, "Malformed"],
  ["whose layer is endless", { layer: "m".repeat(64) }, 400, "Malformed"],
  ["whose version is a path", { version: "../9.0.1" }, 400, "Malformed"],
  ["whose version hides a path", { version: "9.0.1+../../x" }, 400, "Malformed"],
  ["whose version is endless", { version: `9.0.1-${"a".repeat(200)}` }, 400, "Malformed"],
  ["whose digest is none", { sha256: "abc" }, 400, "Malformed"],
  ["whose digest is in upper case", { sha256: "A".repeat(64) }, 400, "Malformed"],
  ["whose digest is a path", { sha256: `../${"a".repeat(61)}` }, 400, "Malformed"],
  ["without a digest", { sha256: undefined }, 400, "Malformed"],
  ["whose sequence is text", { sequence: "6" }, 400, "Malformed"],
  ["whose sequence is a fraction", { sequence: 6.5 }, 400, "Malformed"],
  ["whose sequence is zero", { sequence: 0 }, 400, "Malformed"],
  ["whose sequence is negative", { sequence: -6 }, 400, "Malformed"],
  ["whose sequence is 2^53", { sequence: 2 ** 53 }, 400, "Malformed"],
  ["whose sequence leaves room for no other", { sequence: 2_000_000_001 }, 400, "Malformed"],
  ["whose key is a path", { key: "../../../etc/passwd" }, 400, "Malformed"],
  ["whose key begins with a path", { key: "../x.default.main.6" }, 400, "Malformed"],
  ["whose key counts with zeros before", { key: "uid.default.main.006" }, 400, "Malformed"],
  ["whose key has a line break", { key: "uid.default.main.6\n" }, 400, "Malformed"],
  ["without a key", { key: undefined }, 400, "Malformed"],
  ["whose action nobody knows", { action: "erase" }, 400, "Malformed"],
  ["whose action is a list", { action: ["deliver", "restore"] }, 400, "Malformed"],
  ["without an action", { action: undefined }, 400, "Malformed"],
  ["without a snapshot", { snapshot: "" }, 400, "Malformed"],
  ["for a deployment without end", { deployment: "d".repeat(65) }, 400, "Malformed"],
];

/** What only one kind of order can get wrong, and what is wrong with how it is sent. */
const others: readonly (readonly [string, () => Promise<Raw> | Raw, number, string])[] = [
  [
    "a delivery from a file",
    async () => ({ body: await loose({ ...siege.good(), url: "file:///etc/passwd" }) }),
    400,
    "Malformed",
  ],
  [
    "a delivery from a URL with a password",
    async () => ({ body: await loose({ ...siege.good(), url: "https://user:secret@alpha.example/a.tgz" }) }),
    400,
    "Malformed",
  ],
  [
    "a delivery from a URL with a line break",
    async () => ({ body: await loose({ ...siege.good(), url: "https://alpha.example/a\r\nx: y" }) }),
    400,
    "Malformed",
  ],
  [
    "a delivery from nowhere",
    async () => ({ body: await loose({ ...siege.good(), url: undefined }) }),
    400,
    "Malformed",
  ],
  [
    "a delivery with a licence without end",
    async () => ({ body: await loose({ ...siege.good(), licence: "e".repeat(8193) }) }),
    400,
    "Malformed",
  ],
  [
    "a restore that brings an archive",
    async () => ({ body: await loose({ ...siege.back(), url: siege.good().url }) }),
    400,
    "Malformed",
  ],
  [
    "a restore that brings a licence",
    async () => ({ body: await loose({ ...siege.back(), licence: "eyJ" }) }),
    400,
    "Malformed",
  ],
  [
    "a delivery turned into a restore",
    async () => ({ body: await loose({ ...siege.good(), action: "restore" }) }),
    400,
    "Malformed",
  ],
  [
    "a restore turned into a delivery",
    async () => ({ body: await loose({ ...siege.back(), action: "deliver" }) }),
    400,
    "Malformed",
  ],
  ["a list of orders", async () => ({ body: await loose([siege.good(), siege.back()]) }), 400, "Malformed"],
  [
    "an order sent to another key",
    async () => ({ path: `/v1/orders/${siege.good().key}0`, body: await loose(siege.good()) }),
    400,
    "KeyMismatch",
  ],
  [
    "a good order again, under the key of another object",
    async () => ({ path: `/v1/orders/another-uid.default.main.6`, body: await loose(siege.good()) }),
    400,
    "KeyMismatch",
  ],
  [
    "a lower sequence",
    async () => signed(orderFor(siege.target().name, 3, await release("8.9.9"))),
    409,
    "SequenceTooLow",
  ],
  [
    "the same sequence under another key",
    async () => signed({ ...siege.good(), sequence: 5, key: "another-uid.default.main.5" }),
    409,
    "SequenceTooLow",
  ],
  [
    "a restore with the same sequence under another key",
    async () => signed({ ...siege.back(), sequence: 5, key: "another-uid.default.main.5" }),
    409,
    "SequenceTooLow",
  ],
  [
    "a key it knows with other content",
    async () => signed(orderFor(siege.target().name, 5, await release("9.0.2"))),
    409,
    "KeyReused",
  ],
  [
    "a restore under the key of the delivery it undoes",
    async () => signed({ ...siege.back(), sequence: 5, key: orderFor(siege.target().name, 5, siege.good()).key }),
    409,
    "KeyReused",
  ],
  ["a body beyond measure", () => ({ body: "A".repeat(1_000_000) }), 413, "TooLarge"],
  ["a body just beyond measure", () => ({ body: "A".repeat(24 * 1024 + 1) }), 413, "TooLarge"],
  [
    "another content type",
    async () => ({ body: await loose(siege.good()), headers: { "content-type": "application/json" } }),
    400,
    "Malformed",
  ],
  ["no content type", async () => ({ body: await loose(siege.good()), headers: {} }), 400, "Malformed"],
  ["another method", () => ({ method: "DELETE" }), 404, "NotFound"],
  ["an order as a POST", async () => ({ method: "POST", body: await loose(siege.good()) }), 404, "NotFound"],
  ["another path", () => ({ method: "GET", path: "/v1/orders/../../etc/passwd" }), 404, "NotFound"],
  ["a path in other letters", () => ({ method: "GET", path: "/v1/orders/%2e%2e%2fstatus" }), 404, "NotFound"],
  [
    "a path with a question",
    async () => ({ path: `/v1/orders/${siege.good().key}?force=true`, body: await loose(siege.good()) }),
    404,
    "NotFound",
  ],
  ["reading without a token", () => ({ method: "GET", path: "/v1/status" }), 401, "Unauthorized"],
  [
    "reading with an order as the token",
    async () => ({
      method: "GET",
      path: "/v1/status",
      headers: { authorization: `Bearer ${await loose(siege.good())}` },
    }),
    401,
    "Unauthorized",
  ],
  ["reading with the token of another target", () => reading("/v1/status", "shop/other"), 401, "WrongAudience"],
  [
    "reading with yesterday's token",
    () => reading(`/v1/orders/${siege.good().key}`, siege.target().name, new Date(0)),
    401,
    "Expired",
  ],
  [
    "reading with a token for something else",
    async () => ({
      method: "GET",
      path: "/v1/status",
      headers: {
        authorization: `Bearer ${await signJws(here().operator.key, TYP.read, { aud: siege.target().name, purpose: "write", exp: at + 60 })}`,
      },
    }),
    400,
    "Malformed",
  ],
  [
    "a read token sent as an order",
    async () => ({ body: await signRead(here().operator.key, { aud: siege.target().name, now: new Date() }) }),
    401,
    "Unauthorized",
  ],
];

describe("an agent refuses, with its reason, and neither its status nor a byte on its disk is different afterwards:", () => {
  it.each(claims)("a delivery %s", async (_name, change, code, reason) => {
    await isRefused({ body: await loose({ ...siege.good(), ...change }) }, code, reason);
  });
  it.each(claims)("a restore %s", async (_name, change, code, reason) => {
    await isRefused({ body: await loose({ ...siege.back(), ...change }) }, code, reason);
  });
  it.each(others)("%s", async (_name, make, code, reason) => {
    await isRefused(await make(), code, reason);
  });

  it("and there are enough of them, each with a name of its own", () => {
    const names = [...claims, ...others].map(([name]) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(40);
  });

  it("and names the sequence it knows when another is too low", async () => {
    const answer = await raw(await signed(orderFor(siege.target().name, 3, await release("8.9.9"))));
    expect(answer.body).toMatchObject({ sequence: 5, message: expect.stringContaining("not above 5") });
  });

  it("to speak without TLS, and TLS older than 1.2", async () => {
    await expect(request(siege.target().at.url.replace("https:", "http:"), { dispatcher: web })).rejects.toThrow();
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = connect({
      port: siege.target().agent.port,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      maxVersion: "TLSv1.1",
      minVersion: "TLSv1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    socket.once("secureConnect", () => resolve("connected")).once("error", (error) => resolve(error.message));
    expect(await promise).toMatch(/protocol|alert|handshake|version/i);
    socket.destroy();
  });

  it("and takes the good orders after all of that", async () => {
    expect(await carryOut(siege.target(), siege.good())).toMatchObject({ state: "Applied", activations: 1 });
    const { key } = orderFor(siege.target().name, 7, siege.good());
    expect(await carryOut(siege.target(), { ...siege.back(), key, sequence: 7 })).toMatchObject({ state: "Applied" });
  });
});
