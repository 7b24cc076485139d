/** Does something with each, a few at a time; the first error ends it, when what is under way has ended. */
export const fewAtOnce = async <T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  most = 6,
): Promise<readonly R[]> => {
  const results: R[] = [];
  let next = 0;
  let stopped = false;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length && !stopped; index = next++) {
      try {
        results[index] = await work(items[index] as T);
      } catch (error) {
        stopped = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(most, items.length) }, worker));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return results;
};
