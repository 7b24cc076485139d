/** Does something with every item, so many at once; like Promise.allSettled, one that fails keeps no other from being done. */
export const atMost = async <Item, Result>(
  limit: number,
  items: readonly Item[],
  each: (item: Item) => Promise<Result>,
): Promise<readonly PromiseSettledResult<Result>[]> => {
  const results: PromiseSettledResult<Result>[] = [];
  const todo = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of todo) {
      const [result] = await Promise.allSettled([Promise.resolve(item).then(each)]);
      results[index] = result;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  return results;
};

/** The values, in the order of the items; the first failure is thrown when all are through. */
export const allOf = <Result>(results: readonly PromiseSettledResult<Result>[]): readonly Result[] =>
  results.map((result) => {
    if (result.status === "fulfilled") return result.value;
    throw result.reason;
  });
