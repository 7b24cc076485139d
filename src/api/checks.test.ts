import { describe, expect, it } from "vitest";
import { Checks, configuredCategories, requiredCategories } from "./checks.ts";

describe("the checks of a Server", () => {
  it("are the Health Check alone where nothing is written", () => {
    const checks = Checks.parse({});
    expect(checks.health).toEqual({ path: "/", status: 200, maxLatencyMs: 5000 });
    expect(configuredCategories(checks)).toEqual(["Health Check"]);
  });

  it("of the golden manifest are complete, in the order of the categories", () => {
    const checks = Checks.parse({ database: { secretRef: { name: "ra-db" } }, modules: { path: "/api/modules" } });
    expect(checks.database).toEqual({
      secretRef: { name: "ra-db", key: "url" },
      query: "SELECT 1",
      maxLatencyMs: 2000,
    });
    expect(configuredCategories(checks)).toEqual(["Health Check", "Module Load Test", "Database Connection"]);
    expect(requiredCategories(checks)).toEqual(["Health Check", "Module Load Test", "Database Connection"]);
  });

  it("require what is said to be required, configured or not", () => {
    expect(requiredCategories(Checks.parse({ required: ["Security Scan"] }))).toEqual(["Security Scan"]);
  });

  it.each([
    "//evil.example",
    "/\\evil.example",
    "healthz",
    "",
    "/a b",
    "/a#b",
    "/é",
    "https://evil.example/",
    "/a\u0000",
  ])("take no path like %j, which could lead elsewhere", (path) => {
    expect(Checks.safeParse({ health: { path } }).success).toBe(false);
  });

  it.each(["/", "/healthz", "/a//b", "/a?x=1&y=%20[]", "/~user/'x'"])("take the path %j", (path) => {
    expect(Checks.safeParse({ health: { path } }).success).toBe(true);
  });

  it.each<[string, unknown]>([
    [
      "a header that smuggles another",
      { api: { requests: [{ name: "x", path: "/", headers: [{ name: "A", value: "1\r\nB: 2" }] }] } },
    ],
    [
      "two requests of one name",
      {
        api: {
          requests: [
            { name: "x", path: "/" },
            { name: "x", path: "/b" },
          ],
        },
      },
    ],
    ["no request at all", { api: { requests: [] } }],
    ["a pointer without its slash", { health: { json: [{ pointer: "status", equals: "ok" }] } }],
    ["a pointer with a bare tilde", { health: { json: [{ pointer: "/a~b", equals: "ok" }] } }],
    ["a finding of the certificate", { security: { allow: ["certificate/expired"] } }],
    ["load beyond what one pod makes", { performance: { requestsPerSecond: 100_000 } }],
    ["nothing required", { required: [] }],
    ["a category nobody knows", { required: ["Luck"] }],
  ])("refuse %s", (_, checks) => {
    expect(Checks.safeParse(checks).success).toBe(false);
  });
});
