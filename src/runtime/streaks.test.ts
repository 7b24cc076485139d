import { expect, test } from "vitest";
import { createStreaks } from "./streaks.ts";

test("each kind has a count of its own until the key went well", () => {
  const streaks = createStreaks();
  expect(["Error", "Error", "Forbidden", "Error"].map((kind) => streaks.add("a", kind as "Error"))).toEqual([
    { count: 1, changed: true },
    { count: 2, changed: false },
    { count: 1, changed: true },
    { count: 3, changed: true },
  ]);
  expect(streaks.add("b", "Error").count).toBe(1);
  streaks.end("a");
  expect(streaks.add("a", "Error")).toEqual({ count: 1, changed: true });
});
