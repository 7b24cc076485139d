import { describe, expect, it } from "vitest";
import { ascending } from "./quantile.ts";
import { ALPHA, compareLatencies } from "./slower.ts";
import { mannWhitneySlower } from "./mann-whitney.ts";

/** Mulberry32: the same runs on every machine. */
const seeded = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

/** Latencies look like this: log-normal around a median, a few slow ones. */
const latencies = (random: () => number, count: number, median: number, slowShare = 0.01): readonly number[] =>
  ascending(
    Array.from({ length: count }, () => {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      return median * Math.exp(0.3 * normal) * (random() < slowShare ? 8 : 1);
    }),
  );

const humps = (fast: number, slow: number): readonly number[] => [
  ...Array.from({ length: fast }, () => 10),
  ...Array.from({ length: slow }, () => 100),
];

const RUNS = 2000;
const tolerance = { percent: 20, ms: 5 };

describe("two runs of the same server", () => {
  it(`differ significantly in about 1 % of ${RUNS} seeded runs, as alpha says, and fail in at most one of a thousand`, () => {
    let significant = 0;
    let failedAll = 0;
    let failedTail = 0;
    for (let run = 0; run < RUNS; run += 1) {
      const random = seeded(run);
      const [before, now] = [latencies(random, 300, 40), latencies(random, 200, 40)];
      if (mannWhitneySlower(before, now) < ALPHA) significant += 1;
      const { slower } = compareLatencies(before, now, tolerance);
      if (slower === "all") failedAll += 1;
      if (slower === "tail") failedTail += 1;
    }
    // Three standard deviations of a binomial with p = 0.01 around 20.
    expect(significant).toBeGreaterThan(6);
    expect(significant).toBeLessThan(34);
    expect(failedAll).toBe(0);
    expect(failedTail / RUNS).toBeLessThanOrEqual(0.001);
  });
});

describe("a slower run", () => {
  it.each([
    { name: "half as slow again", factor: 1.5, slower: "all" },
    { name: "twice as slow", factor: 2, slower: "all" },
    { name: "faster", factor: 0.5, slower: "no" },
    { name: "slower by 8 %, significant and within the tolerance", factor: 1.08, slower: "no" },
  ])("$name is judged $slower in every one of 50 seeded runs", ({ factor, slower }) => {
    for (let run = 0; run < 50; run += 1) {
      const random = seeded(run);
      expect(
        compareLatencies(latencies(random, 300, 100, 0), latencies(random, 400, 100 * factor, 0), tolerance).slower,
      ).toBe(slower);
    }
  });

  it("is significant at a shift of 8 % with 5000 requests, and still no failure", () => {
    const random = seeded(7);
    const { p, slower } = compareLatencies(latencies(random, 5000, 100, 0), latencies(random, 5000, 108, 0), tolerance);
    expect(p).toBeLessThan(1e-6);
    expect(slower).toBe("no");
  });

  it("three times slower is no failure while it is only milliseconds", () => {
    const random = seeded(8);
    expect(compareLatencies(latencies(random, 300, 1), latencies(random, 300, 3), tolerance).slower).toBe("no");
    expect(compareLatencies(latencies(random, 300, 1), latencies(random, 300, 3), { percent: 20, ms: 1 }).slower).toBe(
      "all",
    );
  });

  it("in one of six requests is found by the tail, where the median does not move", () => {
    for (let run = 0; run < 50; run += 1) {
      const random = seeded(run);
      expect(compareLatencies(latencies(random, 300, 40, 0), latencies(random, 300, 40, 1 / 6), tolerance).slower).toBe(
        "tail",
      );
    }
  });

  it("in a handful of requests proves no tail", () => {
    expect(compareLatencies(humps(30, 0), humps(21, 9), tolerance)).toMatchObject({ slower: "no", tailP: 1 });
  });

  it("whose median jumps by chance, between two humps, is no failure", () => {
    expect(compareLatencies(humps(16, 14), humps(14, 16), tolerance)).toMatchObject({
      slower: "no",
      medianMs: { before: 10, now: 100 },
    });
  });
});
