import { describe, expect, it } from "vitest";
import { hurried, never, plainServer, subject } from "../../test/checks/scene.ts";
import { runCheck } from "./run.ts";

const core = { name: "core", version: "9.4.2", loaded: true };
const billing = { name: "billing", version: "9.4.2", loaded: true };

const modulesOf = async (
  answer: unknown,
  wanted?: readonly string[],
  status = 200,
  moduleVersions?: Readonly<Record<string, string>>,
) => {
  const url = await plainServer(
    (_request, response) =>
      void response.writeHead(status).end(typeof answer === "string" ? answer : JSON.stringify(answer)),
  );
  return runCheck(
    "Module Load Test",
    subject(
      url,
      { modules: { path: "/api/modules" } },
      {
        ...(wanted && { modules: wanted }),
        ...(moduleVersions && { moduleVersions }),
      },
    ),
    never,
    hurried,
  );
};

it("a module of a layer that did not change, or of another app, reports the version it was delivered with", async () => {
  const versions = { billing: "9.4.1" };
  const old = { ...billing, version: "9.4.1" };
  expect(await modulesOf([core, old], ["core", "billing"], 200, versions)).toMatchObject({ verdict: "Passed" });
  const wrong = await modulesOf([core, billing], ["core", "billing"], 200, versions);
  expect(wrong).toMatchObject({ verdict: "Failed" });
  expect(wrong.message).toContain('"billing" reports "9.4.2" instead of 9.4.1');
});

describe("the modules of a server", () => {
  it.each<[string, unknown, readonly string[] | undefined, string, RegExp]>([
    [
      "all there",
      [core, billing],
      ["core", "billing"],
      "Passed",
      /^2 modules on .* are all loaded and report 9\.4\.2\.$/,
    ],
    [
      "all there, in an object",
      { modules: [core], uptime: 3 },
      ["core"],
      "Passed",
      /^1 module on .* is loaded and reports 9\.4\.2\.$/,
    ],
    ["without a known manifest", [core], undefined, "Passed", /9\.4\.2/],
    ["with a leading v", [{ ...core, version: "v9.4.2" }], ["core"], "Passed", /9\.4\.2/],
    ["one more than the manifest lists, of this version", [core, billing], ["core"], "Passed", /9\.4\.2/],
    ["one of the manifest missing", [core], ["core", "billing"], "Failed", /missing of the manifest: "billing"/],
    ["one not loaded", [core, { ...billing, loaded: false }], ["core", "billing"], "Failed", /not loaded: "billing"/],
    [
      "one of another version",
      [core, { ...billing, version: "9.4.1" }],
      ["core", "billing"],
      "Failed",
      /"billing" reports "9\.4\.1" instead of 9\.4\.2/,
    ],
    ["all of another version", [{ ...core, version: "9.4.1" }], ["core"], "Failed", /instead of 9\.4\.2/],
    [
      "one of another version that the manifest does not list",
      [core, { ...billing, version: "9.4.1" }],
      ["core"],
      "Failed",
      /"billing" reports/,
    ],
    ["a prerelease of the version", [{ ...core, version: "9.4.2-rc.1" }], ["core"], "Failed", /"9\.4\.2-rc\.1"/],
    [
      "listed twice with two versions",
      [core, { ...core, version: "9.4.1" }],
      ["core"],
      "Failed",
      /"core" reports "9\.4\.1"/,
    ],
    [
      "several faults, all named",
      [{ ...billing, loaded: false, version: "1.0.0" }],
      ["core", "billing"],
      "Failed",
      /missing.*not loaded.*reports/,
    ],
    ["none at all", [], undefined, "Failed", /lists no module/],
    ["not said whether loaded", [{ name: "core", version: "9.4.2" }], ["core"], "Failed", /no list of modules/],
    ["loaded as a word", [{ ...core, loaded: "true" }], ["core"], "Failed", /no list of modules/],
    ["no list", { ok: true }, ["core"], "Failed", /no list of modules/],
    ["no JSON", "<html>login</html>", ["core"], "Failed", /answers "<html>login<\/html>", which is no list/],
    [
      "a list without end",
      JSON.stringify(Array.from({ length: 5000 }, () => core)),
      ["core"],
      "Failed",
      /more than 64 KiB/,
    ],
    [
      "a name with control characters",
      [{ ...core, name: "co\u001b[2Jre\n", loaded: false }],
      undefined,
      "Failed",
      /not loaded: "co \[2Jre"/,
    ],
  ])("%s", async (_, answer, wanted, verdict, sentence) => {
    const document = await modulesOf(answer, wanted);
    expect(document.message).toMatch(sentence);
    expect(document.verdict).toBe(verdict);
    expect(document.asserted.length).toBeGreaterThan(0);
  });

  it("behind an error are not looked at", async () => {
    expect(await modulesOf([core], ["core"], 503)).toMatchObject({
      verdict: "Failed",
      message: "GET /api/modules answers 503 instead of 200.",
    });
  });
});
