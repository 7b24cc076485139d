import { expect, test } from "vitest";
import { deploy, PLAIN, update } from "../../test/unit/cli.ts";
import { statusDetail } from "./status-detail.ts";
import { statusTable } from "./status-table.ts";
import { unseen } from "./unseen.ts";

const PUSHED = Date.parse("2026-11-20T10:00:00Z");
const FOUR_MINUTES = 240_000;
const fleet = { servers: [], mainframes: [] };
const screen = { paint: PLAIN, width: 100 };

test.each([
  ["was just pushed", undefined, 1000, false],
  ["was pushed minutes ago, and has no status", undefined, FOUR_MINUTES, true],
  ["was pushed minutes ago, and has the status it was made with", { observedGeneration: -1 }, FOUR_MINUTES, true],
  ["was looked at", { phase: "Waiting" as const }, FOUR_MINUTES, false],
])("an update that %s", (_, status, passed, expected) => {
  expect(unseen(update("x", status), PUSHED + passed)).toBe(expected);
});

test("what no operator looks at is said so, one by one and in the table, with what asks why", () => {
  const now = PUSHED + FOUR_MINUTES;
  const sentence = /no operator has looked at it since it was pushed 4m ago, and before one does nothing happens/;
  expect(statusDetail(update("x"), fleet, screen, now).join(" ")).toMatch(sentence);
  const table = statusTable([update("x")], screen, now, deploy)
    .join(" ")
    .replace(/\s+/g, " ");
  expect(table).toMatch(sentence);
  expect(table).toContain("Next: ashat doctor");
});

test("for some seconds it is not looked at yet, and nothing is wrong", () => {
  const lines = statusDetail(update("x"), fleet, screen, PUSHED + 1000).join(" ");
  expect(lines).toContain("New: the operator has not looked at it yet.");
  expect(statusTable([update("x")], screen, PUSHED + 1000, deploy).join(" ")).not.toContain("WAITING");
});
