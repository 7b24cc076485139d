import type { RequestListener } from "node:http";
import { beforeAll, describe, expect, it } from "vitest";
import {
  deadPort,
  hurried,
  identity,
  never,
  plainServer,
  rawServer,
  secureServer,
  subject,
  type Identity,
} from "../../test/checks/scene.ts";
import type { CheckDocument } from "../api/check-run.ts";
import type { Subject } from "./check.ts";
import { runCheck } from "./run.ts";

const health = (
  url: string,
  part: Readonly<Record<string, unknown>> = {},
  trust: Subject["trust"] = {},
): Promise<CheckDocument> => runCheck("Health Check", subject(url, { health: part }, { trust }), never, hurried);

const saying =
  (status: number, body = "", headers: Readonly<Record<string, string>> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, headers).end(body);

const upperWithColons = (hex: string): string => (hex.toUpperCase().match(/../g) ?? []).join(":");

describe("the health of a server", () => {
  it.each<[string, RequestListener, Readonly<Record<string, unknown>>, string, RegExp]>([
    ["that answers 200", saying(200, "fine"), {}, "Passed", /^GET \/ on 127\.0\.0\.1:\d+ answers 200 in /],
    ["that answers the status wanted", saying(204), { status: 204 }, "Passed", /answers 204/],
    ["that answers 500", saying(500, "oh"), {}, "Failed", /GET \/ answers 500 instead of 200\./],
    [
      "that redirects, which is not followed",
      saying(302, "", { location: "http://127.0.0.1:1/" }),
      {},
      "Failed",
      /answers 302 instead of 200/,
    ],
    ["with the text wanted", saying(200, "all systems ready"), { contains: "ready" }, "Passed", /200/],
    [
      "without the text wanted",
      saying(200, "starting\u0000\u001b[31m"),
      { contains: "ready" },
      "Failed",
      /does not contain "ready" but says "starting \[31m"\./,
    ],
    [
      "with the JSON wanted",
      saying(200, '{"status":"ok","db":{"up":true}}'),
      {
        json: [
          { pointer: "/status", equals: "ok" },
          { pointer: "/db/up", equals: "true" },
        ],
      },
      "Passed",
      /200/,
    ],
    [
      "with other JSON",
      saying(200, '{"status":"degraded"}'),
      { json: [{ pointer: "/status", equals: "ok" }] },
      "Failed",
      /says ""degraded"" at \/status instead of "ok"/,
    ],
    [
      "with nothing there",
      saying(200, "{}"),
      { json: [{ pointer: "/status", equals: "ok" }] },
      "Failed",
      /nothing at \/status/,
    ],
    [
      "with HTML where JSON was wanted",
      saying(200, "<html>"),
      { json: [{ pointer: "/status", equals: "ok" }] },
      "Failed",
      /does not answer JSON: the answer is "<html>"/,
    ],
    ["with a long page", saying(200, "x".repeat(500_000)), {}, "Passed", /200/],
    [
      "with a long page where JSON was wanted",
      saying(200, `[${"1,".repeat(100_000)}1]`),
      { json: [{ pointer: "/0", equals: "1" }] },
      "Failed",
      /longer than 64 KiB/,
    ],
    [
      "with a page without end, of which a part is enough",
      (_request, response) => {
        const more = (): void => {
          if (!response.destroyed && response.write("x".repeat(10_000))) setImmediate(more);
        };
        response.on("drain", more);
        more();
      },
      {},
      "Passed",
      /200/,
    ],
    [
      "that is asked at its path",
      (request, response) => void response.writeHead(request.url === "/app/ready?x=1" ? 200 : 404).end(),
      { path: "/app/ready?x=1" },
      "Passed",
      /200/,
    ],
  ])("%s", async (_, listener, part, verdict, sentence) => {
    const document = await health(await plainServer(listener), part);
    expect(document.message).toMatch(sentence);
    expect(document.verdict).toBe(verdict);
    expect(document.asserted.length).toBeGreaterThanOrEqual(2);
    expect(document.measurements["latencyMs"]).toBeGreaterThan(0);
  });

  it("keeps the path of its own address in front", async () => {
    const url = await plainServer(
      (request, response) => void response.writeHead(request.url === "/shop/healthz" ? 200 : 404).end(),
    );
    expect((await health(`${url}/shop/`, { path: "/healthz" })).verdict).toBe("Passed");
  });

  it("that answers too late has failed, with the time it took", async () => {
    const url = await plainServer((_request, response) => void setTimeout(() => response.end(), 300));
    const document = await health(url, { maxLatencyMs: 100 });
    expect(document.verdict).toBe("Failed");
    expect(document.message).toMatch(/took \d+ ms, more than 100 ms/);
  });

  it.each<[string, RequestListener]>([
    ["that never answers", () => {}],
    ["that never ends its answer", (_request, response) => void response.writeHead(200).write("a")],
  ])("%s has failed at the deadline", async (_, listener) => {
    const document = await health(await plainServer(listener), { maxLatencyMs: 50 });
    expect(document).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/did not answer within 1050 ms\.$/),
    });
  });

  it("that talks garbage has failed", async () => {
    const port = await rawServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
    expect(await health(`http://127.0.0.1:${port}`)).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/not HTTP/),
    });
  });

  it("that nobody serves has failed, after three tries", async () => {
    const document = await health(`http://127.0.0.1:${await deadPort()}`);
    expect(document).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/refuses the connection \(ECONNREFUSED\), 3 times in a row\.$/),
    });
  });

  it("that hangs up twice while it starts has not failed", async () => {
    let connections = 0;
    const port = await rawServer((socket) => {
      connections += 1;
      if (connections <= 2) socket.destroy();
      else socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
    });
    expect((await health(`http://127.0.0.1:${port}`)).verdict).toBe("Passed");
    expect(connections).toBe(3);
  });

  it("whose name nobody knows is not judged", async () => {
    expect(await health("https://no-such-host.invalid")).toMatchObject({
      verdict: "Inconclusive",
      asserted: [],
      message: expect.stringMatching(/cannot be resolved from where the check runs/),
    });
  });

  it("is not judged when the check is stopped", async () => {
    const stop = new AbortController();
    const url = await plainServer(() => stop.abort());
    const document = await runCheck("Health Check", subject(url, {}), stop.signal, hurried);
    expect(document).toMatchObject({ verdict: "Inconclusive", message: expect.stringMatching(/stopped/) });
  });
});

describe("the health of a server with a certificate", () => {
  let own: Identity;
  let other: Identity;
  let expired: Identity;
  let misnamed: Identity;
  beforeAll(async () => {
    const day = 86_400_000;
    [own, other, expired, misnamed] = await Promise.all([
      identity(),
      identity(),
      identity({ notBefore: new Date(Date.now() - 3 * day), notAfter: new Date(Date.now() - day) }),
      identity({ dns: ["other.example"], ips: [] }),
    ]);
  });

  it.each<[string, () => Identity, () => Subject["trust"], string, RegExp]>([
    ["of the CA", () => own, () => ({ ca: own.ca }), "Passed", /200/],
    ["that is pinned", () => own, () => ({ sha256: own.sha256 }), "Passed", /200/],
    [
      "that is pinned, written with colons",
      () => own,
      () => ({ sha256: upperWithColons(own.sha256) }),
      "Passed",
      /200/,
    ],
    ["that is pinned and of the CA", () => own, () => ({ sha256: own.sha256, ca: own.ca }), "Passed", /200/],
    ["other than the pinned one", () => own, () => ({ sha256: other.sha256 }), "Failed", /is not the trusted one/],
    [
      "pinned, of another CA",
      () => own,
      () => ({ sha256: own.sha256, ca: other.ca }),
      "Failed",
      /is not the trusted one/,
    ],
    ["of another CA", () => own, () => ({ ca: other.ca }), "Failed", /is not the trusted one/],
    ["of a CA nobody knows", () => own, () => ({}), "Failed", /is not the trusted one/],
    ["that has expired", () => expired, () => ({ ca: expired.ca }), "Failed", /expired/],
    ["for another name", () => misnamed, () => ({ ca: misnamed.ca }), "Failed", /is not the trusted one/],
  ])("%s", async (_, who, trust, verdict, sentence) => {
    let asked = 0;
    const url = await secureServer(who(), (_request, response) => {
      asked += 1;
      response.end();
    });
    const document = await health(url, {}, trust());
    expect(document.message).toMatch(sentence);
    expect(document.verdict).toBe(verdict);
    expect(asked).toBe(verdict === "Passed" ? 1 : 0);
  });

  it("which speaks no TLS has failed", async () => {
    const plain = await plainServer(saying(200));
    expect(await health(plain.replace("http:", "https:"), {}, { sha256: own.sha256 })).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/breaks the TLS handshake/),
    });
  });

  it("which is asked over http:// although a certificate is pinned is not asked at all", async () => {
    let asked = 0;
    const url = await plainServer((_request, response) => {
      asked += 1;
      response.end();
    });
    expect((await health(url, {}, { sha256: own.sha256 })).verdict).toBe("Failed");
    expect(asked).toBe(0);
  });
});
