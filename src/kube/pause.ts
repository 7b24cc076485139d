import { setTimeout as sleep } from "node:timers/promises";

/** Waits; an abort ends the wait by throwing the signal's reason. */
export const pause = async (ms: number, signal?: AbortSignal): Promise<void> => {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
};
