import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { identity, never, plainServer, secureServer } from "../../test/checks/scene.ts";
import type { Category } from "../api/categories.ts";
import { CHECK_ENV } from "../api/check-run.ts";
import { subjectByHand, UsageError, type Typed } from "./by-hand.ts";
import { printed } from "./command.ts";
import { runCheck } from "./run.ts";

const file = async (name: string, content: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "ashat-check-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, name), content);
  return join(folder, name);
};

const verdictOf = async (category: Category, typed: Typed): Promise<string> =>
  (await runCheck(category, await subjectByHand(category, typed, {}), never)).verdict;

describe("a check by hand", () => {
  it("believes the CA it is given, and prints a sentence with what stands behind it", async () => {
    const who = await identity();
    const url = await secureServer(who, (_request, response) => void response.end("ready"));
    const checked = await subjectByHand(
      "Health Check",
      { url, ca: await file("ca.pem", who.ca), contains: "ready" },
      {},
    );
    expect(printed(await runCheck("Health Check", checked, never))).toMatch(
      /^Health Check: Passed \(\d+ ms\)\nGET \/ on .* answers 200 in .*\n  asserted  GET \/ answers 200\n/,
    );
  });

  it("takes its settings from a Server manifest, and what is typed goes over them", async () => {
    const manifest = await file(
      "server.yaml",
      "kind: Server\nspec:\n  tier: Public\n  checks:\n    health: {path: /healthz, status: 204}\n    api: {requests: [{name: root, path: /}]}\n",
    );
    const url = await plainServer(
      (request, response) => void response.writeHead(request.url === "/healthz" ? 204 : 200).end(),
    );
    expect(await verdictOf("Health Check", { url, file: manifest })).toBe("Passed");
    expect(await verdictOf("Health Check", { url, file: manifest, status: "200" })).toBe("Failed");
    expect(await verdictOf("API Endpoint Test", { url, file: manifest })).toBe("Passed");
    expect(await verdictOf("API Endpoint Test", { url, path: "/healthz" })).toBe("Failed");
  });

  it("takes them from the checks alone, too", async () => {
    const checks = await file("checks.yaml", "health: {path: /healthz}\n");
    expect(
      (await subjectByHand("Health Check", { url: "https://shop.example", file: checks }, {})).checks.health.path,
    ).toBe("/healthz");
  });

  it("compares with the document an earlier run has printed", async () => {
    const document = {
      category: "Performance Baseline",
      verdict: "Passed",
      message: "m",
      asserted: ["a"],
      measurements: {},
      startedAt: "t",
      durationMs: 1,
      baseline: { version: "9.4.1", takenAt: "t", samplesMicros: [1, 2] },
    };
    const baseline = await file("run.json", JSON.stringify(document));
    expect(
      (await subjectByHand("Performance Baseline", { url: "https://shop.example", baseline }, {})).baseline?.version,
    ).toBe("9.4.1");
  });

  const url = "https://127.0.0.1";
  it.each<[string, Category, Typed, RegExp]>([
    ["an address that is none", "Health Check", { url: "shop" }, /--url wants an address/],
    ["an address of another protocol", "Health Check", { url: "ftp://shop.example" }, /--url wants an address/],
    ["a pin that is none", "Health Check", { url, sha256: "9f" }, /64 hexadecimal digits/],
    ["a status that is none", "Health Check", { url, status: "fine" }, /checks\.health\.status is not right/],
    ["no requests", "API Endpoint Test", { url }, /checks\.api\.requests is not right.*--file/],
    ["no database", "Database Connection", { url }, /Set ASHAT_DATABASE_URL/],
    [
      "a file that is not there",
      "Health Check",
      { url, file: "/nowhere.yaml" },
      /The file \/nowhere\.yaml cannot be read \(ENOENT\)/,
    ],
    [
      "a CA that is not there",
      "Health Check",
      { url, ca: "/nowhere.pem" },
      /The CA file \/nowhere\.pem cannot be read/,
    ],
  ])("is not made with %s", async (_, category, typed, sentence) => {
    const made = subjectByHand(category, typed, {});
    await expect(made).rejects.toThrow(sentence);
    await expect(made).rejects.toBeInstanceOf(UsageError);
  });

  it.each([
    ["is a list", "- 1\n", /neither a Server nor its checks/],
    ["is no YAML", "a: [", /is not YAML/],
  ])("is not made with a file that %s", async (_, content, sentence) => {
    await expect(subjectByHand("Health Check", { url, file: await file("x.yaml", content) }, {})).rejects.toThrow(
      sentence,
    );
  });

  it("takes the database from the environment only", async () => {
    const checked = await subjectByHand(
      "Database Connection",
      { url },
      { [CHECK_ENV.databaseUrl]: "postgres://a:b@c/d" },
    );
    expect(checked.databaseUrl).toBe("postgres://a:b@c/d");
  });
});
