import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { never, plainServer } from "../../test/checks/scene.ts";
import { CATEGORIES } from "../api/categories.ts";
import { CHECK_ENV, parseCheckDocument, type CheckDocument } from "../api/check-run.ts";
import { Checks, configuredCategories } from "../api/checks.ts";
import { runJob } from "./job.ts";

const checks = Checks.parse({
  modules: { path: "/api/modules" },
  database: { secretRef: { name: "ra-db" } },
  api: { requests: [{ name: "root", path: "/" }] },
  security: {},
  performance: { requestsPerSecond: 20, seconds: 1 },
});

const input = (url: string): Readonly<Record<string, unknown>> => ({
  target: { namespace: "prod", name: "ra-01" },
  url,
  addresses: { allow: ["127.0.0.0/8"], guarded: [] },
  app: "default",
  version: "9.4.2",
  digest: `sha256:${"ab".repeat(32)}`,
  modules: ["core"],
  checks,
  categories: configuredCategories(checks),
});

const place = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "ashat-check-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "termination-log");
};

describe("the run inside the Job", () => {
  it("writes one document per index, in the order of the categories, Failed ones too", async () => {
    const url = await plainServer(
      (request, response) =>
        void response.end(
          request.url === "/api/modules" ? '[{"name":"core","version":"9.4.1","loaded":true}]' : "fine",
        ),
    );
    const run = async (index: number): Promise<CheckDocument | undefined> => {
      const log = await place();
      await runJob(
        {
          [CHECK_ENV.input]: JSON.stringify(input(url)),
          [CHECK_ENV.index]: String(index),
          [CHECK_ENV.terminationLog]: log,
        },
        never,
      );
      return parseCheckDocument(await readFile(log, "utf8"));
    };
    const documents = await Promise.all(CATEGORIES.map((_, index) => run(index)));
    expect(documents.map((document) => [document?.category, document?.verdict])).toEqual([
      ["Health Check", "Passed"],
      ["Module Load Test", "Failed"],
      ["API Endpoint Test", "Passed"],
      ["Database Connection", "Inconclusive"],
      ["Performance Baseline", "Passed"],
      ["Security Scan", "Failed"],
    ]);
  });

  it.each<[string, Readonly<Record<string, string | undefined>>, RegExp]>([
    ["has no input", { [CHECK_ENV.input]: undefined }, /ASHAT_CHECK_INPUT is not set/],
    ["has input that is no JSON", { [CHECK_ENV.input]: "{" }, /is not JSON/],
    ["has input of another version", { [CHECK_ENV.input]: "{}" }, /not what this runner understands \(target: /],
    ["has an index beyond the categories", { [CHECK_ENV.index]: "6" }, /is "6", which is none of the 6 categories/],
    ["has no index", { [CHECK_ENV.index]: undefined }, /is "", which is none/],
    ["has an index that is no number", { [CHECK_ENV.index]: "1e0" }, /is "1e0"/],
    ["cannot write", { [CHECK_ENV.terminationLog]: "/nowhere/at/all" }, /ENOENT/],
  ])("rejects when it %s", async (_, wrong, sentence) => {
    const url = await plainServer((_request, response) => void response.end());
    const env = {
      [CHECK_ENV.input]: JSON.stringify(input(url)),
      [CHECK_ENV.index]: "0",
      [CHECK_ENV.terminationLog]: await place(),
    };
    await expect(runJob({ ...env, ...wrong }, never)).rejects.toThrow(sentence);
  });
});
