import { setTimeout as pause } from "node:timers/promises";

export interface Patience {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

/** Asks again and again until the answer is neither undefined nor false; the error says what never came true, and the last reason why. */
export const until = async <T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 30_000, everyMs = 100, signal }: Patience = {},
): Promise<T> => {
  const deadline = performance.now() + timeoutMs;
  let reason: unknown;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      reason = undefined;
    } catch (error) {
      reason = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs / 1000} s, still not true: ${what}`, { cause: reason });
    }
    // An abort ends the pause early; the next round then throws its reason.
    await pause(everyMs, undefined, signal ? { signal } : {}).catch(() => {});
  }
};
