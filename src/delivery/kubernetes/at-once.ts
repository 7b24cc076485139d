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

/** How many from the beginning on are done, and what ended it before its end. */
export interface Far {
  readonly done: number;
  readonly error?: unknown;
}

/** Does something with each, a few at a time, as long as there is time; with the first of them in any case, so that it comes to an end. */
export const asFarAs = async <T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  isOver: () => boolean,
  most = 6,
): Promise<Far> => {
  const ended = new Set<number>();
  const errors: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (errors.length === 0 && next < items.length && (next === 0 || !isOver())) {
      const index = next++;
      try {
        await work(items[index] as T);
        ended.add(index);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  let done = 0;
  while (ended.has(done)) done += 1;
  return errors.length === 0 ? { done } : { done, error: errors[0] };
};
