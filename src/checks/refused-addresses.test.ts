import { describe, expect, it } from "vitest";
import { identity, hurried, never, plainServer, rawServer, secureServer, subject } from "../../test/checks/scene.ts";
import { CATEGORIES, type Category } from "../api/categories.ts";
import type { CheckDocument } from "../api/check-run.ts";
import { jobAddresses } from "./job-addresses.ts";
import { runCheck } from "./run.ts";

const ALL = {
  modules: { path: "/api/modules" },
  api: { requests: [{ name: "root", path: "/" }] },
  database: { secretRef: { name: "ra-db" } },
  performance: { requestsPerSecond: 20, seconds: 1 },
  security: {},
};
const PASSWORD = "4d1f0c7e";
const none = { allow: [], guarded: [] };

const run = (
  category: Category,
  url: string,
  addresses: ReturnType<typeof jobAddresses>,
  databaseUrl = `postgres://ra:${PASSWORD}@127.0.0.1:5432/ra`,
): Promise<CheckDocument> => runCheck(category, subject(url, ALL, { addresses, databaseUrl }), never, hurried);

describe("a pod connects to no address that was not allowed, and what it did not see it does not judge:", () => {
  it.each(CATEGORIES)("%s", async (category) => {
    const secure = await secureServer(await identity(), (_request, response) => void response.end("fine"));
    const document = await run(category, secure, jobAddresses(none, {}));
    expect(document).toMatchObject({ verdict: "Inconclusive", asserted: [] });
    expect(document.message).toMatch(
      /127\.0\.0\.1.* was not asked: 127\.0\.0\.1 is a loopback address.*--allow-address 127\.0\.0\.1\/32\.$/,
    );
    expect(JSON.stringify(document)).not.toContain(PASSWORD);
  });

  it("a database behind a name, and none behind a local socket", async () => {
    const named = await run(
      "Database Connection",
      "https://unused.example",
      jobAddresses(none, {}),
      "postgres://ra:x@localhost/ra",
    );
    expect(named).toMatchObject({ verdict: "Inconclusive", message: expect.stringContaining("localhost leads to ") });
    const local = await run(
      "Database Connection",
      "https://unused.example",
      jobAddresses(none, {}),
      "postgres://%2Fvar%2Frun/ra",
    );
    expect(local).toMatchObject({ verdict: "Inconclusive" });
  });
});

describe("a pod asks", () => {
  it("where the operator allows it", async () => {
    const url = await plainServer((_request, response) => void response.end("fine"));
    expect((await run("Health Check", url, jobAddresses({ allow: ["127.0.0.0/8"], guarded: [] }, {}))).verdict).toBe(
      "Passed",
    );
  });

  it("neither the API server the operator names, nor the one its own environment names, whatever range is allowed", async () => {
    const asked: string[] = [];
    const port = await rawServer((socket) => {
      asked.push("asked");
      socket.destroy();
    });
    const place = { address: "127.0.0.1", port };
    const allow = ["127.0.0.0/8"];
    const env = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(port) };
    for (const addresses of [jobAddresses({ allow, guarded: [place] }, {}), jobAddresses({ allow, guarded: [] }, env)])
      expect(await run("Health Check", `http://127.0.0.1:${port}`, addresses)).toMatchObject({
        verdict: "Inconclusive",
        message: expect.stringContaining("the API server of the cluster"),
      });
    expect(asked).toEqual([]);
  });
});
