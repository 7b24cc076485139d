import { expect, test } from "vitest";
import { PLAIN, serverObject, tier, update } from "../../test/unit/cli.ts";
import type { TargetStatus } from "../api/target.ts";
import { whatIsApproved } from "./approve.ts";
import { statusDetail } from "./status-detail.ts";

const hex = (digit: string): string => digit.repeat(64);
const layer = (name: string, digit: string, version?: string) => ({
  name,
  ...(version !== undefined && { version }),
  artifact: { archive: { url: `https://alpha.example/${name}.tgz`, sha256: hex(digit) } },
});
const THREE = [layer("database", "1", "9.4.0"), layer("program", "2"), layer("manuals", "3")];
const release = (name: string, digit: string, version: string) => ({
  layer: name,
  version,
  digest: `sha256:${hex(digit)}`,
});
const runs = (...layers: readonly ReturnType<typeof release>[]): { status: TargetStatus } => ({
  status: {
    observedGeneration: 1,
    apps: [{ app: "shop", sequence: 1, version: "9.4.1", digest: `layers:${hex("f")}`, layers: [...layers] }],
    conditions: [],
  },
});
const database = release("database", "1", "9.4.0");
const manuals = release("manuals", "3", "9.4.2");
const old = release("program", "a", "9.4.1");

const waits = update(
  "shop-9-4-2",
  { phase: "AwaitingApproval", tier: "omega", tiers: [tier("omega", "Waiting", ["ra-01"])] },
  { app: "shop", layers: THREE },
);

test("who approves several layers sees a line for each, and which of them would come anew", () => {
  const servers = [
    serverObject("Omega", "ra-01", runs(database, old, manuals)),
    serverObject("Omega", "ra-02", runs(database, old)),
  ];
  const lines = whatIsApproved(waits, "omega", servers, 80);
  expect(lines.slice(1, 6)).toEqual([
    "  shop 9.4.2, 3 layers, pushed by somebody the API server did not name",
    "    LAYER     VERSION  DIGEST                 IS",
    "    database  9.4.0    sha256:1111111111111…  unchanged",
    "    program   9.4.2    sha256:2222222222222…  new",
    "    manuals   9.4.2    sha256:3333333333333…  new on ra-02",
  ]);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test("where nothing runs yet, and where an app had one artifact before, a layer is new", () => {
  const whole: TargetStatus = {
    observedGeneration: 1,
    apps: [{ app: "shop", sequence: 1, version: "9.4.1", digest: `sha256:${hex("1")}` }],
    conditions: [],
  };
  for (const servers of [[], [serverObject("Omega", "ra-01")], [serverObject("Omega", "ra-01", { status: whole })]])
    expect(whatIsApproved(waits, "omega", servers, 80)[3]).toMatch(/^ {4}database .* new$/);
});

test("one artifact is approved by every digit of its digest", () => {
  expect(whatIsApproved(update("x"), "omega", [], 200)[1]).toContain(
    `default 9.4.2, sha256:${"ab".repeat(32)}, pushed`,
  );
});

test("the status of one update has the layers too, and compares them until it has ended", () => {
  const fleet = { servers: [serverObject("Omega", "ra-01", runs(database, old, manuals))], mainframes: [] };
  const shown = (of: typeof waits) => statusDetail(of, fleet, { paint: PLAIN, width: 80 }, Date.now()).join("\n");
  expect(shown(waits)).toContain("shop 9.4.2, 3 layers, pushed by somebody");
  expect(shown(waits)).toMatch(/\n {2}database +9\.4\.0 +sha256:1{13}… +unchanged\n {2}program +.* new\n/);
  const through = update("shop-9-4-2", { phase: "Completed", tier: "omega" }, { app: "shop", layers: THREE });
  expect(shown(through)).toMatch(/\n {2}program +9\.4\.2 +sha256:2{13}…\n/);
  expect(shown(update("x"))).toContain("default 9.4.2, sha256:ababababababa…, pushed");
});

test("what an update that has ended never came to waits for nothing", () => {
  const tiers = [tier("public", "Passed", ["staging"]), tier("omega", "Waiting", ["ra-01"])];
  const shown = (phase: "Cancelled" | "Waiting") =>
    statusDetail(update("x", { phase, tiers }), { servers: [], mainframes: [] }, { paint: PLAIN, width: 80 }, 0);
  expect(shown("Cancelled").find((line) => line.startsWith("OMEGA"))).toBe("OMEGA      -");
  expect(shown("Cancelled").join("\n")).not.toContain("ra-01");
  expect(shown("Cancelled").join("\n")).toContain("- staging  Passed");
  expect(shown("Waiting").find((line) => line.startsWith("OMEGA"))).toMatch(/^OMEGA +Waiting +0 of 1 passed$/);
});
