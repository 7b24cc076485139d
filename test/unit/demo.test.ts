import { expect, test } from "vitest";
import { readAsked } from "../../demo/asked.ts";
import { table, wrapCommand } from "../../demo/wrap.ts";

test.each([
  ["--stop", [], { npm_config_stop: "true" }, "npm run demo -- --stop"],
  ["--keep", [], { npm_config_keep: "true" }, "npm run demo -- --keep"],
  ["--scenario drift", ["drift"], { npm_config_scenario: "true" }, "npm run demo -- --scenario drift"],
  ["--scenario=drift", [], { npm_config_scenario: "drift" }, "npm run demo -- --scenario drift"],
  ["drift", ["drift"], {}, "npm run demo -- --scenario drift"],
])("npm run demo %s starts nothing, and what to type instead is said", (_typed, args, env, instead) => {
  const asked = readAsked(args, env);
  expect(asked).toMatchObject({ want: "nothing" });
  expect(asked.want === "nothing" ? asked.because : "").toMatch(new RegExp(`: ${instead}$`));
});

test("what stands after -- is done, and what npm itself was configured with is not asked about", () => {
  expect(readAsked(["--stop"], { npm_config_cache: "/tmp" })).toEqual({ want: "stop" });
  expect(readAsked(["--keep", "--scenario", "drift,main"], {})).toEqual({
    want: "play",
    scenarios: ["drift", "main"],
    keep: true,
  });
});

test("a long command is broken between its words only, and is the same command", () => {
  const command =
    "kubectl annotate deployments/x -n raos 'cancel.ashat.raos.io/omega=0123 a customer found a fault in it'";
  const lines = wrapCommand(command, 60, "  ");
  expect(lines).toEqual([
    "kubectl annotate deployments/x -n raos \\",
    "    'cancel.ashat.raos.io/omega=0123 a customer found a fault in it'",
  ]);
  expect(lines.join("\n").replace(/ \\\n\s*/g, " ")).toBe(command);
});

test("a table that is too wide leaves out what says the least, and no more than it has to", () => {
  const rows = [
    ["SERVER", "CALLED", "TIER"],
    ["omega-production", "OmegaProduction", "OMEGA"],
  ];
  expect(table(rows, 40, ["SERVER", "TIER"])).toEqual([
    "SERVER            CALLED           TIER",
    "omega-production  OmegaProduction  OMEGA",
  ]);
  expect(table(rows, 39, ["SERVER", "TIER"])).toEqual(["CALLED           TIER", "OmegaProduction  OMEGA"]);
});
