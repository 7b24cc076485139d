/** Time and stopping, passed in where a verdict depends on them. */
export interface World {
  readonly now: () => Date;
  /** Milliseconds that never jump. */
  readonly monotonic: () => number;
  /** Returns early when stopped. */
  readonly pause: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

export const realWorld = (signal: AbortSignal): World => ({
  now: () => new Date(),
  monotonic: () => performance.now(),
  pause: (ms) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done, { once: true });
    }),
  signal,
});
