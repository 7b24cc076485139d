/** Nearest-rank quantile of ascending values: always one of them. */
export const quantile = (ascending: readonly number[], q: number): number =>
  ascending[Math.min(ascending.length - 1, Math.max(0, Math.ceil(q * ascending.length) - 1))] ?? Number.NaN;

export const ascending = (values: readonly number[]): readonly number[] => values.toSorted((a, b) => a - b);

/** At most `count` evenly spaced quantiles (mid-points, so both tails stay in proportion) of ascending values. */
export const thinned = (values: readonly number[], count: number): readonly number[] =>
  values.length <= count
    ? values
    : Array.from({ length: count }, (_, index) => quantile(values, (index + 0.5) / count));
