import { backoffMs } from "../kube/backoff.ts";
import type { Backoff } from "../kube/backoff.ts";
import { createHeap } from "./heap.ts";

/**
 * Keys that are due, now or later. One entry per key, the earlier time wins. A key that is taken is not given out again
 * before `done`; what is added meanwhile waits for that, so that nothing is lost and nothing runs twice at once.
 */
export type Queue = {
  /** Due at this time of the queue's clock, or at once. */
  readonly add: (key: string, at?: number) => void;
  /** The key that has been due for longest; it counts as running until `done`. */
  readonly take: () => string | undefined;
  readonly done: (key: string) => void;
  /** Adds the key after a delay that grows with every failure in a row, and returns that delay. */
  readonly failed: (key: string, backoff: Backoff) => number;
  readonly failures: (key: string) => number;
  /** The next failure is a first one again. */
  readonly forget: (key: string) => void;
  /** When `take` can give something out; undefined when nothing waits. */
  readonly nextAt: () => number | undefined;
  readonly waiting: () => number;
  /** How many `take` could give out now. */
  readonly due: () => number;
  readonly running: () => number;
};

type Entry = { readonly key: string; readonly at: number; readonly order: number };

export const createQueue = (clock: { readonly now: () => number; readonly random: () => number }): Queue => {
  const heap = createHeap<Entry>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  const waiting = new Map<string, Entry>();
  const running = new Set<string>();
  const parked = new Map<string, number>();
  const failures = new Map<string, number>();
  let order = 0;

  // An entry that an earlier one replaced stays in the heap until it surfaces; the map tells it apart.
  const skipReplaced = (): Entry | undefined => {
    for (;;) {
      const top = heap.peek();
      if (top === undefined || waiting.get(top.key) === top) return top;
      heap.pop();
    }
  };

  const add = (key: string, at = clock.now()): void => {
    if (running.has(key)) {
      parked.set(key, Math.min(at, parked.get(key) ?? Infinity));
      return;
    }
    const known = waiting.get(key);
    if (known !== undefined && known.at <= at) return;
    order += 1;
    const entry = { key, at, order };
    waiting.set(key, entry);
    heap.push(entry);
  };

  return {
    add,
    take: () => {
      const top = skipReplaced();
      if (top === undefined || top.at > clock.now()) return undefined;
      heap.pop();
      waiting.delete(top.key);
      running.add(top.key);
      return top.key;
    },
    done: (key) => {
      running.delete(key);
      const at = parked.get(key);
      parked.delete(key);
      if (at !== undefined) add(key, at);
    },
    failed: (key, backoff) => {
      const before = failures.get(key) ?? 0;
      failures.set(key, before + 1);
      const delay = backoffMs(backoff, before, clock.random);
      add(key, clock.now() + delay);
      return delay;
    },
    failures: (key) => failures.get(key) ?? 0,
    forget: (key) => {
      failures.delete(key);
    },
    nextAt: () => skipReplaced()?.at,
    waiting: () => waiting.size + parked.size,
    due: () => {
      const now = clock.now();
      return heap.count(
        (entry) => entry.at <= now,
        (entry) => waiting.get(entry.key) === entry,
      );
    },
    running: () => running.size,
  };
};
