import { describe, expect, it } from "vitest";
import { deadPort, hurried, identity, never, plainServer, secureServer, subject } from "../../test/checks/scene.ts";
import { runCheck } from "./run.ts";

const shop = (seen: string[] = []) =>
  plainServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += String(part)));
    request.on("end", () => {
      seen.push(`${request.method ?? ""} ${request.url ?? ""} ${body}`.trim());
      if (request.url === "/api/items" && request.method === "POST")
        response.writeHead(201, { "content-type": "application/json" }).end(body);
      else if (request.url === "/api/items")
        response.writeHead(200, { "content-type": "application/json", etag: '"1"' }).end('[{"id":1,"name":"lamp"}]');
      else if (request.url === "/api/who") response.end(JSON.stringify({ accept: request.headers.accept }));
      else if (request.url === "/reset") request.socket.destroy();
      else response.writeHead(404).end();
    });
  });

const api = (url: string, requests: readonly unknown[]) =>
  runCheck("API Endpoint Test", subject(url, { api: { requests } }), never, hurried);

describe("the endpoints of a server", () => {
  it("that answer as expected pass, and are asked in order", async () => {
    const seen: string[] = [];
    const document = await api(await shop(seen), [
      {
        name: "list",
        path: "/api/items",
        expect: {
          headers: [{ name: "Content-Type", value: "application/json" }],
          json: [
            { pointer: "/0/id", equals: "1" },
            { pointer: "/0/name", equals: "lamp" },
          ],
        },
      },
      {
        name: "create",
        method: "POST",
        path: "/api/items",
        body: '{"id":2}',
        expect: { status: 201, json: [{ pointer: "", equals: '{"id":2}' }] },
      },
      {
        name: "headers",
        path: "/api/who",
        headers: [{ name: "Accept", value: "text/x" }],
        expect: { json: [{ pointer: "/accept", equals: "text/x" }] },
      },
      { name: "gone", method: "DELETE", path: "/nothing", expect: { status: 404 } },
    ]);
    expect(document.message).toMatch(/^4 requests to .* answered as expected/);
    expect(document.verdict).toBe("Passed");
    expect(document.asserted).toHaveLength(9);
    expect(seen).toEqual(["GET /api/items", 'POST /api/items {"id":2}', "GET /api/who", "DELETE /nothing"]);
  });

  it.each<[string, unknown, RegExp]>([
    ["another status", { name: "x", path: "/nothing" }, /"x": GET \/nothing answers 404 instead of 200/],
    [
      "a header with another value",
      { name: "x", path: "/api/items", expect: { headers: [{ name: "etag", value: '"2"' }] } },
      /header etag is ""1"" instead of ""2""/,
    ],
    [
      "a missing header",
      { name: "x", path: "/api/items", expect: { headers: [{ name: "x-trace", value: "1" }] } },
      /header x-trace is missing/,
    ],
    [
      "other JSON",
      { name: "x", path: "/api/items", expect: { json: [{ pointer: "/0/name", equals: "chair" }] } },
      /""lamp"" at \/0\/name instead of "chair"/,
    ],
    ["no answer", { name: "x", path: "/reset" }, /"x": .* closed the connection without an answer/],
  ])("with %s fail, the rest is asked all the same", async (_, wrong, sentence) => {
    const seen: string[] = [];
    const document = await api(await shop(seen), [wrong, { name: "list", path: "/api/items" }]);
    expect(document.message).toMatch(sentence);
    expect(document.verdict).toBe("Failed");
    expect(seen.at(-1)).toBe("GET /api/items");
  });

  it("are not sent a POST twice when the connection breaks after it", async () => {
    const seen: string[] = [];
    expect((await api(await shop(seen), [{ name: "x", method: "POST", path: "/reset" }])).verdict).toBe("Failed");
    expect(seen).toEqual(["POST /reset"]);
  });

  it("get no credential over http://", async () => {
    const seen: string[] = [];
    const document = await api(await shop(seen), [
      { name: "x", path: "/api/items", headers: [{ name: "Authorization", value: "Bearer abc123" }] },
    ]);
    expect(document).toMatchObject({
      verdict: "Inconclusive",
      message: expect.stringMatching(/would send the header Authorization over http:\/\//),
    });
    expect(JSON.stringify(document)).not.toContain("abc123");
    expect(seen).toEqual([]);
  });

  it("get the credential over https://", async () => {
    const who = await identity();
    const url = await secureServer(
      who,
      (request, response) =>
        void response.writeHead(request.headers.authorization === "Bearer abc123" ? 200 : 401).end(),
    );
    const checked = subject(
      url,
      { api: { requests: [{ name: "x", path: "/", headers: [{ name: "Authorization", value: "Bearer abc123" }] }] } },
      { trust: { sha256: who.sha256 } },
    );
    expect((await runCheck("API Endpoint Test", checked, never, hurried)).verdict).toBe("Passed");
  });

  it("that nobody serves fail, each by its name", async () => {
    const document = await api(`http://127.0.0.1:${await deadPort()}`, [
      { name: "a", path: "/" },
      { name: "b", path: "/" },
    ]);
    expect(document).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/"a": .*refuses.*"b": .*refuses/),
    });
  });
});
