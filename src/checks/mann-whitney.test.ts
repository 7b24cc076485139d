import { describe, expect, it } from "vitest";
import { mannWhitneySlower, normalUpperTail } from "./mann-whitney.ts";

describe("the upper tail of the normal distribution", () => {
  it.each([
    [0, 0.5],
    [1, 0.158655253931457],
    [1.959963984540054, 0.025],
    [2.5, 0.006209665325776],
    [2.51, 0.006036558080412],
    [3.090232306167813, 0.001],
    [6, 9.865876450376946e-10],
    [-1, 0.841344746068543],
  ])("beyond %f is %f", (z, p) => {
    expect(Math.abs(normalUpperTail(z) - p) / p).toBeLessThan(1e-9);
  });
});

describe("the Mann-Whitney U test, one-sided", () => {
  // Worked by hand: U = 24 of 25, mean 12.5, deviation sqrt(25 * 11 / 12), with continuity correction.
  it("gives the worked example without ties", () => {
    const z = (24 - 12.5 - 0.5) / Math.sqrt((25 * 11) / 12);
    expect(mannWhitneySlower([1, 2, 3, 4, 6], [5, 7, 8, 9, 10])).toBeCloseTo(normalUpperTail(z), 12);
  });

  // Values 1,2,2 against 2,3,3: ranks 1 | 3,3,3 | 5.5,5.5; U = 14 - 6 = 8; two groups of ties, 24 + 6 = 30.
  it("gives the worked example with ties", () => {
    const z = (8 - 4.5 - 0.5) / Math.sqrt((9 / 12) * (7 - 30 / 30));
    expect(mannWhitneySlower([1, 2, 2], [2, 3, 3])).toBeCloseTo(normalUpperTail(z), 12);
  });

  it("sees no difference where all values are one", () => {
    expect(mannWhitneySlower([4, 4, 4], [4, 4, 4])).toBe(1);
  });

  it("does not call faster slower", () => {
    expect(mannWhitneySlower([5, 6, 7, 8, 9], [1, 2, 3, 4, 4.5])).toBeGreaterThan(0.98);
  });
});
