/** Exponential backoff with jitter: the n-th delay (from 0) lies between half of and the whole of `first * 2^n`, capped. */
export type Backoff = { readonly firstMs: number; readonly capMs: number };

export const backoffMs = (backoff: Backoff, failures: number, random: () => number): number => {
  const whole = Math.min(backoff.capMs, backoff.firstMs * 2 ** Math.min(failures, 30));
  return whole / 2 + (whole / 2) * random();
};
