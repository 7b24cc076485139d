import { expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";

const BACKOFF = { firstMs: 800, capMs: 30_000 } as const;

test("the delay doubles from the first to the cap, with at most half of it taken off at random", () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 5000].map((failures) => backoffMs(BACKOFF, failures, () => 1));
  expect(longest).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  expect(backoffMs(BACKOFF, 0, () => 0)).toBe(400);
  expect(backoffMs(BACKOFF, 5000, () => 0)).toBe(15_000);
});
