import { MAX_SAMPLES, type Baseline } from "../api/check-run.ts";
import type { Checks } from "../api/checks.ts";
import { ledger, type Ledger, type Report } from "./ledger.ts";
import type { Sample } from "./load.ts";
import { ascending, quantile, thinned } from "./quantile.ts";
import { compareLatencies, MIN_SAMPLES } from "./slower.ts";
import { ms, plural, quoted } from "./words.ts";

/** What a load is measured against. */
export interface Measure {
  readonly performance: NonNullable<Checks["performance"]>;
  readonly version: string;
  readonly baseline?: Baseline;
}

const chance = (p: number): string => (p < 0.0001 ? "p < 0.0001" : `p = ${p.toFixed(4)}`);

const compared = (
  book: Ledger,
  baseline: Baseline,
  latencies: readonly number[],
  tolerance: { readonly percent: number; readonly ms: number },
) => {
  const before = ascending(baseline.samplesMicros.map((micros) => micros / 1000));
  const found = compareLatencies(before, latencies, tolerance);
  const { medianMs, p95Ms } = found;
  book.measure("baselineVersion", baseline.version);
  book.measure("baselineP50Ms", medianMs.before);
  book.measure("baselineP95Ms", p95Ms.before);
  book.measure("mannWhitneyP", found.p);
  book.measure("tailP", found.tailP);
  const limit = `${tolerance.percent} % and ${tolerance.ms} ms`;
  const sentence = (
    name: string,
    { before: then, now }: { readonly before: number; readonly now: number },
    p: number,
  ): string => `${name} ${ms(now)} against ${ms(then)} of ${baseline.version} (${chance(p)}, tolerance ${limit})`;
  book.assert(
    `not slower than ${baseline.version} by more than ${limit} (Mann-Whitney U, one-sided, alpha 0.01)`,
    found.slower !== "all",
    () => `slower: median ${sentence("is", medianMs, found.p)}`,
  );
  book.assert(
    `no heavier tail than ${baseline.version} by more than ${limit} (p95, two-proportion test, alpha 0.01)`,
    found.slower !== "tail",
    () => `slower in the tail: p95 ${sentence("is", p95Ms, found.tailP)}`,
  );
  return {
    slower: found.slower,
    passed: `median ${ms(medianMs.now)} against ${ms(medianMs.before)} of ${baseline.version} (${chance(found.p)})`,
    shiftMs: found.slower === "tail" ? p95Ms.now - p95Ms.before : medianMs.now - medianMs.before,
  };
};

export interface Judged {
  readonly report: Report;
  /** Only that it was slow speaks against it. */
  readonly slow: boolean;
}

/** What one load says; of a pass its samples are the next baseline. */
export const judgeLoad = (
  samples: readonly Sample[],
  takenAt: string,
  { performance, version, baseline }: Measure,
): Judged => {
  const book = ledger();
  const failed = samples.filter(({ ok }) => !ok);
  const latencies = ascending(samples.filter(({ ok }) => ok).map(({ latencyMs }) => latencyMs));
  const [p50, p95, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.95), quantile(latencies, 0.99)];
  const errorPercent = (failed.length / samples.length) * 100;
  const lag = quantile(ascending(samples.map(({ lagMs }) => lagMs)), 0.95);
  book.measure("requests", samples.length);
  book.measure("errorPercent", errorPercent);
  book.measure("runnerLagP95Ms", lag);
  const answered = book.assert(
    `at most ${performance.maxErrorPercent} % of ${samples.length} requests fail`,
    errorPercent <= performance.maxErrorPercent,
    () =>
      `${errorPercent.toFixed(1)} % of ${samples.length} requests failed, more than ${performance.maxErrorPercent} %; the first: ${quoted(failed[0]?.why ?? "", 160)}`,
  );
  if (!answered) return { report: book.close(""), slow: false };
  if (latencies.length < MIN_SAMPLES)
    return {
      report: book.inconclusive(
        `Only ${plural(latencies.length, "request")} of ${samples.length} were answered well, which is too few to judge.`,
      ),
      slow: false,
    };
  book.measure("p50Ms", p50);
  book.measure("p95Ms", p95);
  book.measure("p99Ms", p99);

  const { maxP99Ms } = performance;
  if (maxP99Ms !== undefined) {
    const held = book.assert(
      `p99 is at most ${maxP99Ms} ms`,
      p99 <= maxP99Ms,
      () => `p99 is ${ms(p99)}, more than ${maxP99Ms} ms`,
    );
    if (!held && p99 - lag <= maxP99Ms)
      return {
        report: book.inconclusive(
          `p99 is ${ms(p99)}, but the runner itself started requests up to ${ms(lag)} late, so the target is not to blame.`,
        ),
        slow: true,
      };
  }
  const summary = `${plural(latencies.length, "request")} at ${performance.requestsPerSecond}/s: p50 ${ms(p50)}, p95 ${ms(p95)}, p99 ${ms(p99)}`;
  const usable = baseline !== undefined && baseline.samplesMicros.length >= MIN_SAMPLES ? baseline : undefined;
  const found =
    usable === undefined
      ? undefined
      : compared(book, usable, latencies, { percent: performance.tolerancePercent, ms: performance.toleranceMs });
  if (found !== undefined && found.slower !== "no" && lag * 2 >= found.shiftMs) {
    return {
      report: book.inconclusive(
        `Slower than the baseline by ${ms(found.shiftMs)}, but the runner itself started requests up to ${ms(lag)} late, so it is no proof.`,
      ),
      slow: true,
    };
  }
  const report = book.close(
    found === undefined
      ? `${summary}; the first run of this target and app, which sets the baseline.`
      : `${summary}; ${found.passed}.`,
  );
  if (report.verdict !== "Passed") return { report, slow: true };
  const samplesMicros = thinned(latencies, MAX_SAMPLES).map((value) => Math.round(value * 1000));
  return { report: { ...report, baseline: { version, takenAt, samplesMicros } }, slow: false };
};
