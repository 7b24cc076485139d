import { expect, test } from "vitest";
import { distance, nearest } from "./nearest.ts";

test.each([
  ["", "", 0],
  ["kitten", "sitting", 3],
  ["abc", "", 3],
  ["patch", "patch", 0],
])("from %s to %s are %i steps", (a, b, steps) => {
  expect(distance(a, b)).toBe(steps);
  expect(distance(b, a)).toBe(steps);
});

test("an id with a slip finds the one that was meant, the nearest first", () => {
  const known = ["security-patch-001", "security-patch-002", "db-optimization-q1", "feature-login"];
  expect(nearest("secuirty-patch-001", known)).toEqual(["security-patch-001", "security-patch-002"]);
  expect(nearest("db-optimize-q1", known)).toEqual(["db-optimization-q1"]);
  expect(nearest("feature", known)).toEqual(["feature-login"]);
});

test("what is nothing like it is not named", () => {
  expect(nearest("xyz", ["security-patch-001", "ab"])).toEqual([]);
});
