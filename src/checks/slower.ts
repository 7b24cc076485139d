import { mannWhitneySlower, normalUpperTail } from "./mann-whitney.ts";
import { quantile } from "./quantile.ts";

/** How sure a slowdown must be; the practical bound comes on top, so equal runs fail far less often than this. */
export const ALPHA = 0.01;
/** Fewer values than this on either side prove nothing. */
export const MIN_SAMPLES = 20;
/** A tail needs more values before its 95th percentile means anything. */
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
  readonly p95Ms: { readonly before: number; readonly now: number };
}

/** The latency beyond which a slowdown matters. */
const edgeOf = (before: number, { percent, ms }: Tolerance): number => before + Math.max((before * percent) / 100, ms);

const beyond = (list: readonly number[], limit: number): number => list.filter((value) => value > limit).length;

/**
 * One-sided two-proportion test: do more values lie beyond the edge than lay beyond the old 95th percentile? The edge is that
 * percentile plus the tolerance, so what is proved is a tail slower by more than the tolerance.
 */
const tailHeavier = (before: readonly number[], now: readonly number[], p95: number, edge: number): number => {
  const [n, m] = [before.length, now.length];
  const [then, since] = [beyond(before, p95), beyond(now, edge)];
  const pooled = (then + since) / (n + m);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  return deviation > 0 ? normalUpperTail((since / m - then / n) / deviation) : 1;
};

/**
 * Are these latencies (ascending, in ms) slower than the baseline's? Slower altogether: Mann-Whitney U significant and the
 * median beyond the tolerance. Slower in the tail: significantly more values beyond the old 95th percentile plus tolerance
 * than the twentieth that lay beyond it. Significance alone never fails: with enough requests every tiny shift is significant. The 99th percentile
 * is not compared, because of 300 values it is the third largest, and one pause of either machine moves it.
 */
export const compareLatencies = (
  before: readonly number[],
  now: readonly number[],
  tolerance: Tolerance,
): Comparison => {
  const medianMs = { before: quantile(before, 0.5), now: quantile(now, 0.5) };
  const p95Ms = { before: quantile(before, TAIL), now: quantile(now, TAIL) };
  const edge = edgeOf(p95Ms.before, tolerance);
  const p = mannWhitneySlower(before, now);
  const tailP =
    Math.min(before.length, now.length) < MIN_TAIL_SAMPLES ? 1 : tailHeavier(before, now, p95Ms.before, edge);
  const all = p < ALPHA && medianMs.now > edgeOf(medianMs.before, tolerance);
  return { slower: all ? "all" : tailP < ALPHA ? "tail" : "no", p, tailP, medianMs, p95Ms };
};
