import { describe, expect, it } from "vitest";
import type { Baseline } from "../api/check-run.ts";
import { Checks } from "../api/checks.ts";
import { judgeLoad, type Judged } from "./judge-load.ts";
import type { Sample } from "./load.ts";

const load = (count: number, latencyMs: number, more: Partial<Sample> = {}): readonly Sample[] =>
  Array.from({ length: count }, (_, index) => ({
    latencyMs: latencyMs + index / 100,
    lagMs: 0,
    ok: true,
    why: "",
    ...more,
  }));
const of = (ms: number): Baseline => ({
  version: "9.4.1",
  takenAt: "2026-11-19T10:00:00.000Z",
  samplesMicros: Array.from({ length: 200 }, (_, index) => ms * 1000 + index * 10),
});

const judged = (
  samples: readonly Sample[],
  baseline?: Baseline,
  part: Readonly<Record<string, unknown>> = {},
): Judged => {
  const { performance } = Checks.parse({ performance: part });
  if (performance === undefined) throw new Error("performance is configured above");
  return judgeLoad(samples, "2026-11-20T10:00:00.000Z", {
    performance,
    version: "9.4.2",
    ...(baseline === undefined ? {} : { baseline }),
  });
};

describe("a load", () => {
  it.each<[string, Judged, string, boolean, RegExp]>([
    [
      "of a first run sets the baseline",
      judged(load(200, 40)),
      "Passed",
      false,
      /^200 requests at 20\/s: p50 41\.0 ms, .*; the first run of this target and app, which sets the baseline\.$/,
    ],
    [
      "as fast as the baseline passes",
      judged(load(200, 40), of(40)),
      "Passed",
      false,
      /median 41\.0 ms against 41\.0 ms of 9\.4\.1 \(p = 0\.\d{4}\)\.$/,
    ],
    ["faster than the baseline passes", judged(load(200, 20), of(40)), "Passed", false, /\(p = 1\.0000\)/],
    ["slower within the tolerance passes", judged(load(200, 46), of(40)), "Passed", false, /\(p < 0\.0001\)/],
    [
      "slower than the baseline fails",
      judged(load(200, 80), of(40)),
      "Failed",
      true,
      /^slower: median is 81\.0 ms against 41\.0 ms of 9\.4\.1 \(p < 0\.0001, tolerance 20 % and 5 ms\)\.$/,
    ],
    [
      "slower than the baseline passes a wider tolerance",
      judged(load(200, 80), of(40), { tolerancePercent: 150 }),
      "Passed",
      false,
      /81\.0 ms/,
    ],
    [
      "with a heavier tail fails",
      judged([...load(160, 40), ...load(40, 400)], of(40)),
      "Failed",
      true,
      /^slower in the tail: p95 is 400 ms against 41\.9 ms/,
    ],
    [
      "above the absolute limit fails, whatever the baseline says",
      judged(load(200, 150), of(4000), { maxP99Ms: 100 }),
      "Failed",
      true,
      /^p99 is 152 ms, more than 100 ms\.$/,
    ],
    [
      "with too many failures fails, fast or not",
      judged([...load(190, 40), ...load(10, 1, { ok: false, why: "status 503" })], of(40)),
      "Failed",
      false,
      /^5\.0 % of 200 requests failed, more than 1 %; the first: "status 503"\.$/,
    ],
    [
      "with as many failures as allowed passes",
      judged([...load(198, 40), ...load(2, 1, { ok: false, why: "status 503" })], of(40)),
      "Passed",
      false,
      /198 requests/,
    ],
    [
      "slower because the runner was late proves nothing",
      judged(load(200, 80, { lagMs: 30 }), of(40)),
      "Inconclusive",
      true,
      /^Slower than the baseline by 40\.0 ms, but the runner itself started requests up to 30\.0 ms late/,
    ],
    [
      "slower by far more than the runner was late fails",
      judged(load(200, 400, { lagMs: 30 }), of(40)),
      "Failed",
      true,
      /slower: median/,
    ],
    [
      "above the absolute limit because the runner was late proves nothing",
      judged(load(200, 110, { lagMs: 30 }), undefined, { maxP99Ms: 100 }),
      "Inconclusive",
      true,
      /^p99 is 112 ms, but the runner itself/,
    ],
    [
      "of too few answers proves nothing",
      judged([...load(15, 40), ...load(10, 1, { ok: false })], of(40), { maxErrorPercent: 100 }),
      "Inconclusive",
      false,
      /^Only 15 requests of 25/,
    ],
    [
      "is not compared with a baseline of a handful",
      judged(load(200, 80), { ...of(40), samplesMicros: [1000, 2000] }),
      "Passed",
      false,
      /sets the baseline/,
    ],
  ])("%s", (_, { report, slow }, verdict, isSlow, sentence) => {
    expect(report.message).toMatch(sentence);
    expect(report.verdict).toBe(verdict);
    expect(slow).toBe(isSlow);
    expect(report.baseline === undefined).toBe(verdict !== "Passed");
  });

  it("gives at most 300 samples to the next run, spread over all of it", () => {
    const { report } = judged(load(3000, 40));
    expect(report.baseline?.samplesMicros).toHaveLength(300);
    expect(report.baseline?.samplesMicros.slice(0, 2)).toEqual([40_040, 40_140]);
    expect(report.baseline?.samplesMicros.at(-1)).toBe(69_940);
    expect(report.baseline).toMatchObject({ version: "9.4.2", takenAt: "2026-11-20T10:00:00.000Z" });
  });
});
