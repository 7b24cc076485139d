/** What this process has of one piece of work: what it tried before, and how long it may take this time. */
export interface Effort {
  /** What was tried without effect under the same key: what takes long goes on with the rest. */
  readonly tried: Set<string>;
  /** Whether it is time to stop, and to go on the next time. */
  readonly isOver: () => boolean;
}

const MOST_KEYS = 64;

/** Gives the effort of one call; what is forgotten, as in another process, is tried anew. */
export const createEfforts = (workMs: number): ((key: string) => Effort) => {
  const known = new Map<string, Set<string>>();
  return (key) => {
    const tried = known.get(key) ?? new Set();
    known.delete(key);
    known.set(key, tried);
    const [oldest] = known.keys();
    if (known.size > MOST_KEYS && oldest !== undefined) known.delete(oldest);
    const until = performance.now() + workMs;
    return { tried, isOver: () => performance.now() > until };
  };
};
