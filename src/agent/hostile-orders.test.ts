import { createHmac } from "node:crypto";
import { connect } from "node:tls";
import { request } from "undici";
import { beforeAll, describe, expect, it } from "vitest";
import { openBench } from "../../test/targets/bench.ts";
import { orderFor, type Target } from "../../test/targets/target.ts";
import type { DeliverClaims } from "../api/order.ts";
import { signJws, TYP } from "../licence/jws.ts";
import { generateKeys, parseSigningKey } from "../licence/keys.ts";
import { signOrder, signRead } from "../licence/sign.ts";

const { here, start, release, carryOut, status, web } = openBench();
const at = Math.floor(Date.now() / 1000);
let target: Target;
let good: DeliverClaims;
let before: Awaited<ReturnType<typeof status>>;

beforeAll(async () => {
  target = await start();
  await carryOut(target, orderFor(target.name, 5, await release("9.0.0")));
  good = orderFor(target.name, 6, await release("9.0.1"));
  before = await status(target);
});

interface Raw {
  readonly method?: "PUT" | "GET" | "POST" | "DELETE";
  readonly path?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
const raw = async ({
  method = "PUT",
  path = `/v1/orders/${good.key}`,
  body,
  headers = { "content-type": "application/jose" },
}: Raw) => {
  const answer = await request(`${target.at.url}${path}`, {
    dispatcher: web,
    method,
    headers: { ...headers },
    ...(body === undefined ? {} : { body }),
  });
  return {
    status: answer.statusCode,
    body: (await answer.body.json()) as { reason?: string; message?: string; sequence?: number; state?: string },
  };
};
const order = (change: Partial<DeliverClaims>): Promise<string> =>
  signOrder(here().operator.key, { ...good, ...change });
/** Signed as it is, also where no order may say so. */
const loose = (change: Readonly<Record<string, unknown>>): Promise<string> =>
  signJws(here().operator.key, TYP.order, { ...good, ...change });
const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("an agent refuses, and nothing has changed afterwards:", () => {
  const situations: readonly (readonly [string, () => Promise<Raw> | Raw, number, string])[] = [
    ["an empty body", () => ({ body: "" }), 401, "Unauthorized"],
    ["a body that is no JWS", () => ({ body: JSON.stringify(good) }), 401, "Unauthorized"],
    [
      "an order signed by a stranger",
      async () => ({ body: await signOrder(await parseSigningKey((await generateKeys()).privateJwk), good) }),
      401,
      "Unauthorized",
    ],
    [
      "an order signed with the key that signs licences",
      async () => ({ body: await signOrder(here().issuer.key, good) }),
      401,
      "Unauthorized",
    ],
    [
      "an order without a signature",
      async () => ({ body: (await order({})).replace(/[^.]+$/, "") }),
      401,
      "Unauthorized",
    ],
    [
      "an order with algorithm none",
      () => ({ body: `${b64({ alg: "none", typ: TYP.order, kid: here().operator.key.kid })}.${b64(good)}.` }),
      401,
      "Unauthorized",
    ],
    [
      "an order signed by HMAC with the public key",
      () => {
        const text = `${b64({ alg: "HS256", typ: TYP.order, kid: here().operator.key.kid })}.${b64(good)}`;
        return { body: `${text}.${createHmac("sha256", here().operator.jwks).update(text).digest("base64url")}` };
      },
      401,
      "Unauthorized",
    ],
    [
      "claims changed after signing",
      async () => {
        const [head, , signature] = (await order({})).split(".");
        return { body: `${head}.${b64({ ...good, version: "9.9.9" })}.${signature}` };
      },
      401,
      "Unauthorized",
    ],
    [
      "a read token sent as an order",
      async () => ({ body: await signRead(here().operator.key, { aud: target.name, now: new Date() }) }),
      401,
      "Unauthorized",
    ],
    [
      "order claims typed as a licence",
      async () => ({ body: await signJws(here().operator.key, TYP.licence, good) }),
      401,
      "Unauthorized",
    ],
    ["an order for another target", async () => ({ body: await order({ aud: "shop/other" }) }), 401, "WrongAudience"],
    ["an order that has expired by a second", async () => ({ body: await order({ exp: at - 1 }) }), 401, "Expired"],
    [
      "an order that does not count yet",
      async () => ({ body: await order({ nbf: at + 600, exp: at + 900 }) }),
      401,
      "NotYetValid",
    ],
    [
      "an order sent to another key",
      async () => ({ path: `/v1/orders/${good.key}0`, body: await order({}) }),
      400,
      "KeyMismatch",
    ],
    [
      "a key that says another sequence than its claims",
      async () => ({ body: await loose({ sequence: 7 }) }),
      400,
      "KeyMismatch",
    ],
    [
      "a key that says another app than its claims",
      async () => ({ body: await loose({ app: "shop" }) }),
      400,
      "KeyMismatch",
    ],
    ["a claim it does not know", async () => ({ body: await loose({ also: "this" }) }), 400, "Malformed"],
    ["an app that is a path", async () => ({ body: await loose({ app: "../../etc" }) }), 400, "Malformed"],
    ["a version that is a path", async () => ({ body: await loose({ version: "../9.0.1" }) }), 400, "Malformed"],
    ["a URL that is a file", async () => ({ body: await loose({ url: "file:///etc/passwd" }) }), 400, "Malformed"],
    [
      "a URL with a password",
      async () => ({ body: await loose({ url: "https://user:secret@alpha.example/a.tgz" }) }),
      400,
      "Malformed",
    ],
    ["a digest that is none", async () => ({ body: await loose({ sha256: "abc" }) }), 400, "Malformed"],
    ["an order without an end", async () => ({ body: await loose({ exp: undefined }) }), 400, "Malformed"],
    ["a sequence that is no number", async () => ({ body: await loose({ sequence: "6" }) }), 400, "Malformed"],
    ["an action nobody knows", async () => ({ body: await loose({ action: "erase" }) }), 400, "Malformed"],
    [
      "a lower sequence",
      async () => {
        const old = orderFor(target.name, 4, await release("8.9.9"));
        return { path: `/v1/orders/${old.key}`, body: await signOrder(here().operator.key, old) };
      },
      409,
      "SequenceTooLow",
    ],
    [
      "the same sequence under another key",
      async () => {
        const other = { ...good, sequence: 5, key: "another-uid.default.main.5" };
        return { path: `/v1/orders/${other.key}`, body: await signOrder(here().operator.key, other) };
      },
      409,
      "SequenceTooLow",
    ],
    [
      "a key it knows with other content",
      async () => {
        const known = orderFor(target.name, 5, await release("9.0.2"));
        return { path: `/v1/orders/${known.key}`, body: await signOrder(here().operator.key, known) };
      },
      409,
      "KeyReused",
    ],
    ["a body beyond measure", () => ({ body: "A".repeat(1_000_000) }), 413, "TooLarge"],
    [
      "another content type",
      async () => ({ body: await order({}), headers: { "content-type": "application/json" } }),
      400,
      "Malformed",
    ],
    ["another method", () => ({ method: "DELETE" }), 404, "NotFound"],
    ["another path", () => ({ method: "GET", path: "/v1/orders/../../etc/passwd" }), 404, "NotFound"],
    ["reading without a token", () => ({ method: "GET", path: "/v1/status" }), 401, "Unauthorized"],
    [
      "reading with an order as the token",
      async () => ({ method: "GET", path: "/v1/status", headers: { authorization: `Bearer ${await order({})}` } }),
      401,
      "Unauthorized",
    ],
    [
      "reading with the token of another target",
      async () => ({
        method: "GET",
        path: "/v1/status",
        headers: {
          authorization: `Bearer ${await signRead(here().operator.key, { aud: "shop/other", now: new Date() })}`,
        },
      }),
      401,
      "WrongAudience",
    ],
    [
      "reading with yesterday's token",
      async () => ({
        method: "GET",
        path: `/v1/orders/${good.key}`,
        headers: {
          authorization: `Bearer ${await signRead(here().operator.key, { aud: target.name, now: new Date(0) })}`,
        },
      }),
      401,
      "Expired",
    ],
  ];

  it.each(situations)("%s", async (_name, make, code, reason) => {
    const answer = await raw(await make());
    expect(answer).toMatchObject({ status: code, body: { reason } });
    expect(answer.body.message).toMatch(/^[A-Z].*\.$/s);
    const { at: _at, apps, ...after } = await status(target);
    expect(after).toEqual({ agent: before.agent, seen: before.seen, activations: before.activations });
    expect(apps).toMatchObject([{ version: "9.0.0" }]);
  });

  it("names the sequence it knows when another is too low", async () => {
    const old = orderFor(target.name, 4, await release("8.9.9"));
    const answer = await raw({ path: `/v1/orders/${old.key}`, body: await signOrder(here().operator.key, old) });
    expect(answer.body).toMatchObject({ sequence: 5, message: expect.stringContaining("not above 5") });
  });

  it("to speak without TLS, and TLS older than 1.2", async () => {
    await expect(request(target.at.url.replace("https:", "http:"), { dispatcher: web })).rejects.toThrow();
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = connect({
      port: target.agent.port,
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

  it("and takes the good order after all of that", async () => {
    expect(await carryOut(target, good)).toMatchObject({ state: "Applied", activations: 1 });
  });
});
