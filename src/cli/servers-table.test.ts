import { expect, test } from "vitest";
import { PLAIN, serverObject, tier, update } from "../../test/unit/cli.ts";
import type { AppState } from "../api/target.ts";
import type { Update } from "./kinds.ts";
import { serversTable } from "./servers-table.ts";

const status = (...apps: readonly AppState[]) => ({
  status: { observedGeneration: 1, apps: [...apps], conditions: [] },
});
const next = update("next", undefined, { version: "9.4.5" });
const claim = { name: "next", uid: next.metadata.uid, version: "9.4.5" };
const verified = { app: "default", sequence: 7, version: "9.4.2", digest: "sha256:ab" } as const;

const shown = (app: AppState, updates: readonly Update[] = []): string =>
  serversTable({ servers: [serverObject("Public", "staging", status(app))], mainframes: [] }, updates, {
    paint: PLAIN,
    width: 120,
  }).join("\n");

test.each([
  ["nothing is at work there", verified, next.status, "9.4.2"],
  ["another one is held there", { ...verified, claim }, { phase: "Held" } as const, "9.4.2 (9.4.5 held)"],
  ["another one is verified there", { ...verified, claim }, { phase: "Verifying" } as const, "9.4.2 (9.4.5 under way)"],
  ["another one is put back", { ...verified, claim }, { phase: "RollingBack" } as const, "9.4.2 (9.4.5 going back)"],
  ["the first one is on its way", { app: "default", sequence: 1, claim }, undefined, "- (9.4.5 under way)"],
] as const)("RUNS is what was last verified there, also while %s", (_, app, is, cell) => {
  expect(shown(app, [{ ...next, ...(is !== undefined && { status: is }) }])).toContain(`staging  ${cell}  `);
});

test("an update that is held on one server is under way on the other", () => {
  const held = {
    ...tier("public", "Held", ["staging", "other"]),
    targets: [
      { name: "staging", state: "Verifying" as const },
      { name: "other", state: "Held" as const },
    ],
  };
  const is = { ...next, status: { phase: "Held" as const, tiers: [held] } };
  expect(shown({ ...verified, claim }, [is])).toContain("9.4.2 (9.4.5 under way)");
});

test("an update that is gone still has what it claimed", () => {
  expect(shown({ ...verified, claim })).toContain("9.4.2 (9.4.5 under way)");
});

const layers = (database: string, program: string) => [
  { layer: "database", version: database, digest: `sha256:${database}` },
  { layer: "program", version: program, digest: `sha256:${program}` },
];

test("of several layers each is named, and which of them came last", () => {
  const app: AppState = {
    ...verified,
    app: "shop",
    deployment: "shop-9-4-2",
    layers: layers("9.4.0", "9.4.2"),
    before: { version: "9.4.1", digest: "layers:x", layers: layers("9.4.0", "9.4.1") },
  };
  const fleet = {
    servers: [serverObject("Omega", "ra-01", status(app)), serverObject("Omega", "ra-02", status(app))],
    mainframes: [],
  };
  expect(serversTable(fleet, [], { paint: PLAIN, width: 120 }).slice(3)).toEqual([
    "",
    "ra-01, ra-02: shop 9.4.2 is database 9.4.0, program 9.4.2; shop-9-4-2 brought program",
  ]);
});
