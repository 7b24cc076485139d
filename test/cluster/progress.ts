/** What a long set-up is doing, for whoever waits in front of it. */
export interface Progress {
  readonly doing: string;
  readonly elapsedMs: number;
  readonly left: readonly string[];
  readonly done: boolean;
}

export type OnProgress = (progress: Progress) => void;

/** One line for people: what is done, how long it took, what is left. */
export const progressLine = ({ doing, elapsedMs, left, done }: Progress): string => {
  const seconds = `${(elapsedMs / 1000).toFixed(elapsedMs < 10_000 ? 1 : 0)} s`;
  const rest = left.length > 0 ? `; left: ${left.join(", ")}` : "";
  return `${done ? "done   " : "  ...  "} ${doing} (${seconds})${rest}`;
};

/** Runs one step and reports it at its start, every five seconds, and at its end. */
export const reported = async <T>(
  onProgress: OnProgress | undefined,
  doing: string,
  left: readonly string[],
  step: () => Promise<T>,
): Promise<T> => {
  if (!onProgress) return step();
  const start = performance.now();
  const report = (done: boolean): void => onProgress({ doing, elapsedMs: performance.now() - start, left, done });
  report(false);
  const tick = setInterval(() => report(false), 5000);
  try {
    const result = await step();
    report(true);
    return result;
  } finally {
    clearInterval(tick);
  }
};
