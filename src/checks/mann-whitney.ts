/**
 * Upper tail of the standard normal, by the continued fraction of the complementary error function beyond 2.5 and its
 * series below: exact to about 1e-12, which a table with four digits is not where p-values matter.
 */
export const normalUpperTail = (z: number): number => {
  if (z < 0) return 1 - normalUpperTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z > 2.5) {
    let fraction = 0;
    for (let k = 120; k >= 1; k -= 1) fraction = k / (z + fraction);
    return density / (z + fraction);
  }
  let term = z;
  let sum = z;
  for (let k = 1; k < 100; k += 1) {
    term *= (z * z) / (2 * k + 1);
    sum += term;
  }
  return 0.5 - density * sum;
};

/**
 * One-sided Mann-Whitney U test: how likely values as much larger than the reference are if both come from one distribution.
 * Normal approximation with tie and continuity correction, good from about 20 values on each side.
 */
export const mannWhitneySlower = (reference: readonly number[], values: readonly number[]): number => {
  const all = [
    ...reference.map((value) => ({ value, mine: false })),
    ...values.map((value) => ({ value, mine: true })),
  ].toSorted((a, b) => a.value - b.value);
  const n = reference.length;
  const m = values.length;
  let rankSum = 0;
  let ties = 0;
  for (let start = 0; start < all.length;) {
    let end = start;
    while (end < all.length && all[end]?.value === all[start]?.value) end += 1;
    const count = end - start;
    const rank = (start + 1 + end) / 2;
    ties += count ** 3 - count;
    for (let index = start; index < end; index += 1) if (all[index]?.mine === true) rankSum += rank;
    start = end;
  }
  const u = rankSum - (m * (m + 1)) / 2;
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (!(variance > 0)) return 1;
  return normalUpperTail((u - (n * m) / 2 - 0.5) / Math.sqrt(variance));
};
