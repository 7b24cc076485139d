import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { createServer as createTcp, type AddressInfo, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCa, issue, type Issued } from "../../test/cluster/pki.ts";
import { ANY_ADDRESS } from "../dial/address-rules.ts";
import { AGENT_LIMITS, agentDriver } from "./agent.ts";
import type { Trouble } from "./driver.ts";

const KEY = "uid.default.main.1";
const REPORT = {
  key: KEY,
  state: "Applied",
  reason: "Applied",
  message: "Runs.",
  activations: 1,
  at: "2026-06-01T12:00:00.000Z",
};
const { signal } = new AbortController();
const driver = agentDriver(ANY_ADDRESS);
/** For those who let one wait. */
const hasty = agentDriver(ANY_ADDRESS, { ...AGENT_LIMITS, connectMs: 500, deadlineMs: 600, questionMs: 600 });
const servers: Server[] = [];
let certificate: Issued;

beforeAll(async () => {
  certificate = await issue(await createCa("driver"), { commonName: "agent", ips: ["127.0.0.1"] });
});
afterAll(async () => {
  await Promise.all([driver.close(), hasty.close()]);
  for (const server of servers) {
    server.close();
    if ("closeAllConnections" in server && typeof server.closeAllConnections === "function")
      server.closeAllConnections();
  }
});

const listen = async (server: Server): Promise<number> => {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};
type Behave = (response: ServerResponse, request: IncomingMessage) => unknown;
const target = async (behave: Behave) => {
  const port = await listen(
    createServer(
      { cert: certificate.certPem, key: certificate.keyPem },
      (request, response) => void behave(response, request),
    ),
  );
  return { url: `https://127.0.0.1:${port}`, tls: { sha256: certificate.sha256 } };
};
const json =
  (status: number, body: unknown): Behave =>
  (response) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

describe("an agent that cannot be understood is data, never an exception:", () => {
  const situations: readonly (readonly [string, Behave, Trouble["state"], RegExp])[] = [
    ["a page for people", (response) => response.end("<html>It works!</html>"), "Garbage", /not an agent's answer/],
    ["an empty answer", (response) => response.end(), "Garbage", /not an agent's answer/],
    ["JSON of another kind", json(200, { hello: "world" }), "Garbage", /not an agent's answer/],
    ["a state nobody knows", json(200, { ...REPORT, state: "Dancing" }), "Garbage", /not an agent's answer/],
    ["an error without words", json(500, {}), "Garbage", /HTTP 500/],
    ["a refusal without words", json(409, "no"), "Garbage", /HTTP 409/],
    [
      "a redirect",
      (response) => response.writeHead(302, { location: "https://127.0.0.1:1/" }).end(),
      "Garbage",
      /HTTP 302/,
    ],
    [
      "an answer without an end",
      (response) => {
        const more = (): void => void response.write("x".repeat(65_536), (error) => (error ? undefined : more()));
        more();
      },
      "Garbage",
      /more than \d+ bytes/,
    ],
    ["no answer", () => undefined, "Unreachable", /did not answer|Timeout/],
    [
      "half an answer",
      (response) => response.writeHead(200, { "content-length": 500 }).write("{"),
      "Unreachable",
      /did not answer|Timeout/,
    ],
    [
      "a drop of bytes now and then",
      (response) => {
        const drip = setInterval(() => response.write(" "), 50);
        response.once("close", () => clearInterval(drip));
      },
      "Unreachable",
      /did not answer within 600 ms/,
    ],
    ["a hang-up", (response) => response.destroy(), "Unreachable", /cannot be reached/],
  ];

  it.each(situations)("%s", async (_name, behave, state, message) => {
    const where = await target(behave);
    const { deliver, report, observe } = state === "Unreachable" ? hasty : driver;
    const answers = await Promise.all([
      deliver(where, { key: KEY, jws: "a.b.c" }, signal),
      report(where, KEY, "a.b.c", signal),
      observe(where, "a.b.c", signal),
    ]);
    for (const answer of answers) expect(answer).toMatchObject({ state, message: expect.stringMatching(message) });
  });

  it("no answer to a question is known soon, however long an order may take", async () => {
    const patient = agentDriver(ANY_ADDRESS, { ...AGENT_LIMITS, deadlineMs: 600_000, questionMs: 300 });
    const where = await target(() => undefined);
    for (const answer of await Promise.all([
      patient.observe(where, "t", signal),
      patient.report(where, KEY, "t", signal),
    ]))
      expect(answer).toMatchObject({ state: "Unreachable", message: expect.stringContaining("300 ms") });
    await patient.close();
  });
  it("a report about another order", async () => {
    const where = await target(json(200, { ...REPORT, key: "other.default.main.2" }));
    expect(await driver.report(where, KEY, "t", signal)).toMatchObject({
      state: "Garbage",
      message: expect.stringContaining("when asked about"),
    });
  });
  it("nobody listens", async () => {
    expect(await driver.observe({ url: "https://127.0.0.1:1", tls: {} }, "t", signal)).toMatchObject({
      state: "Unreachable",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });
  it("a name that does not exist", async () => {
    expect(await driver.observe({ url: "https://agent.invalid:7443", tls: {} }, "t", signal)).toMatchObject({
      state: "Unreachable",
    });
  });
  it("it takes the connection and never speaks TLS", async () => {
    const port = await listen(createTcp(() => undefined));
    expect(await hasty.observe({ url: `https://127.0.0.1:${port}`, tls: {} }, "t", signal)).toMatchObject({
      state: "Unreachable",
    });
  });
  it("it speaks something else", async () => {
    const port = await listen(
      createTcp((socket) => void socket.on("error", () => undefined).end("220 mail.example ESMTP\r\n")),
    );
    expect(await driver.observe({ url: `https://127.0.0.1:${port}`, tls: {} }, "t", signal)).toMatchObject({
      state: "Unreachable",
    });
  });
  it.each(["http://127.0.0.1:80", "not a url", "file:///etc/passwd"])("its URL is %s", async (url) => {
    expect(await driver.observe({ url, tls: {} }, "t", signal)).toMatchObject({
      state: "Unreachable",
      message: expect.stringContaining("not an https:// URL"),
    });
  });
  it("another certificate, and nothing was sent to whoever shows it", async () => {
    let heard = 0;
    const where = await target((response) => {
      heard += 1;
      return json(200, REPORT)(response, undefined as never);
    });
    expect(
      await driver.deliver({ ...where, tls: { sha256: "0".repeat(64) } }, { key: KEY, jws: "a.b.c" }, signal),
    ).toMatchObject({ state: "WrongCertificate" });
    expect(heard).toBe(0);
  });
});

describe("an agent that is understood", () => {
  it("gets the order as it was signed, and its report comes back", async () => {
    const seen: unknown[] = [];
    const where = await target(async (response, request) => {
      const parts: Buffer[] = [];
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
      seen.push([request.method, request.url, request.headers["content-type"], Buffer.concat(parts).toString()]);
      json(202, REPORT)(response, request);
    });
    expect(await driver.deliver({ ...where, url: `${where.url}/` }, { key: KEY, jws: "a.b.c" }, signal)).toEqual({
      state: "Answered",
      report: REPORT,
    });
    expect(seen).toEqual([["PUT", `/v1/orders/${KEY}`, "application/jose", "a.b.c"]]);
  });
  it("may refuse with its reason and the sequence it knows", async () => {
    const where = await target(json(409, { reason: "SequenceTooLow", message: "Too low.", sequence: 7 }));
    expect(await driver.deliver(where, { key: KEY, jws: "a.b.c" }, signal)).toEqual({
      state: "Refused",
      status: 409,
      reason: "SequenceTooLow",
      message: "Too low.",
      sequence: 7,
    });
  });
  it("may know more than this version does", async () => {
    const where = await target(json(200, { ...REPORT, reason: "SomethingNew", weather: "fine" }));
    expect(await driver.report(where, KEY, "t", signal)).toMatchObject({
      state: "Answered",
      report: { reason: "SomethingNew" },
    });
  });
  it("is left at once when we are told to stop", async () => {
    const stop = new AbortController();
    const where = await target(() => stop.abort(new Error("shutting down")));
    await expect(driver.observe(where, "t", stop.signal)).rejects.toThrow("shutting down");
    await expect(driver.observe(where, "t", stop.signal)).rejects.toThrow("shutting down");
  });
});
