import { mannWhitneySlower, normalUpperTail } from "./mann-whitney.ts";
import { quantile } from "./quantile.ts";

/** How sure a slowdown must be; the practical bound comes on top, so equal runs fail far less often than this. */
export const ALPHA = 0.01;
/** Fewer values than this on either side prove nothing. */
export const MIN_SAMPLES = 20;
/** A tail needs more values before its 99th percentile means anything. */
const MIN_TAIL_SAMPLES = 100;
const TAIL = 0.95;

export interface Tolerance {
  readonly percent: number;
  readonly ms: number;
}

export interface Comparison {
  readonly slower: "no" | "all" | "tail";
  readonly p: number;
  readonly tailP: number;
  readonly medianMs: { readonly before: number; readonly now: number };
  readonly p99Ms: { readonly before: number; readonly now: number };
}

const beyond = ({ before, now }: { readonly before: number; readonly now: number }, { percent, ms }: Tolerance): boolean =>
  now - before > Math.max((before * percent) / 100, ms);

/** One-sided two-proportion test: are more values beyond the reference's 95th percentile than in the reference itself? */
const tailHeavier = (reference: readonly number[], values: readonly number[]): number => {
  const edge = quantile(reference, TAIL);
  const above = (list: readonly number[]): number => list.filter((value) => value > edge).length;
  const [n, m] = [reference.length, values.length];
  const pooled = (above(reference) + above(values)) / (n + m);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  return deviation > 0 ? normalUpperTail((above(values) / m - above(reference) / n) / deviation) : 1;
};

/**
 * Are these latencies (ascending, in ms) slower than the baseline's? Slower altogether: Mann-Whitney U significant and the
 * median beyond the tolerance. Slower in the tail: significantly more values beyond the old 95th percentile and the 99th
 * percentile beyond the tolerance. Significance alone never fails: with enough requests every tiny shift is significant.
 */
export const compareLatencies = (before: readonly number[], now: readonly number[], tolerance: Tolerance): Comparison => {
  const medianMs = { before: quantile(before, 0.5), now: quantile(now, 0.5) };
  const p99Ms = { before: quantile(before, 0.99), now: quantile(now, 0.99) };
  const p = mannWhitneySlower(before, now);
  const tailP = Math.min(before.length, now.length) < MIN_TAIL_SAMPLES ? 1 : tailHeavier(before, now);
  const all = p < ALPHA && beyond(medianMs, tolerance);
  const tail = tailP < ALPHA && beyond(p99Ms, tolerance);
  return { slower: all ? "all" : tail ? "tail" : "no", p, tailP, medianMs, p99Ms };
};
