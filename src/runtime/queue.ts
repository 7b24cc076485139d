import { backoffMs } from "../kube/backoff.ts";
import type { Backoff } from "../kube/backoff.ts";
import { createHeap } from "./heap.ts";
import { createShares, type Sharing } from "./shares.ts";

/**
 * Keys that are due, now or later. One entry per key, the earlier time wins. A key that is taken is not given out again
 * before `done`; what is added meanwhile waits for that, so that nothing is lost and nothing runs twice at once. Groups of keys take turns,
 * and one that has its share under way waits while others do not.
 */
export type Queue = {
  /** Due at this time of the queue's clock, or at once. */
  readonly add: (key: string, at?: number) => void;
  /** Of the group whose turn it is, the key that has been due for longest; it counts as running until `done`. */
  readonly take: () => string | undefined;
  readonly done: (key: string) => void;
  /** Adds the key after a delay that grows with every failure in a row, and returns that delay. */
  readonly failed: (key: string, backoff: Backoff) => number;
  readonly failures: (key: string) => number;
  /** The next failure is a first one again. */
  readonly forget: (key: string) => void;
  /** Since or from when what `take` gives out next is due; undefined when nothing waits but for a `done`. */
  readonly nextAt: () => number | undefined;
  readonly waiting: () => number;
  /** How many are due, whether or not their group has room. */
  readonly due: () => number;
  readonly running: () => number;
};

type Entry = { readonly key: string; readonly at: number; readonly order: number };

const createEntries = () => createHeap<Entry>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
type Entries = ReturnType<typeof createEntries>;

export const createQueue = (
  clock: { readonly now: () => number; readonly random: () => number },
  sharing?: Sharing,
): Queue => {
  const shares = createShares(sharing);
  const later = createEntries();
  /** What is due, by group, in the order of their turns; a group without room keeps its place. */
  const due = new Map<string, Entries>();
  const waiting = new Map<string, Entry>();
  const running = new Set<string>();
  const parked = new Map<string, number>();
  const failures = new Map<string, number>();
  let order = 0;

  // An entry that an earlier one replaced stays where it was until it surfaces; the map tells it apart.
  const isCurrent = (entry: Entry): boolean => waiting.get(entry.key) === entry;
  const first = (entries: Entries): Entry | undefined => {
    for (;;) {
      const top = entries.peek();
      if (top === undefined || isCurrent(top)) return top;
      entries.pop();
    }
  };

  const sortOut = (): void => {
    const now = clock.now();
    for (let top = first(later); top !== undefined && top.at <= now; top = first(later)) {
      later.pop();
      const group = shares.groupOf(top.key);
      const entries = due.get(group) ?? createEntries();
      due.set(group, entries);
      entries.push(top);
    }
  };

  const next = (): { readonly group: string; readonly entry: Entry } | undefined => {
    sortOut();
    for (const [group, entries] of due) {
      if (!shares.hasRoom(group)) continue;
      const entry = first(entries);
      if (entry !== undefined) return { group, entry };
      due.delete(group);
    }
    return undefined;
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
    later.push(entry);
  };

  return {
    add,
    take: () => {
      const chosen = next();
      if (chosen === undefined) return undefined;
      const { group, entry } = chosen;
      const entries = due.get(group);
      entries?.pop();
      due.delete(group);
      if (entries !== undefined && first(entries) !== undefined) due.set(group, entries);
      waiting.delete(entry.key);
      running.add(entry.key);
      shares.begin(group);
      return entry.key;
    },
    done: (key) => {
      if (running.delete(key)) shares.end(shares.groupOf(key));
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
    nextAt: () => next()?.entry.at ?? first(later)?.at,
    waiting: () => waiting.size + parked.size,
    due: () => {
      sortOut();
      let count = 0;
      for (const entries of due.values()) count += entries.count(isCurrent);
      return count;
    },
    running: () => running.size,
  };
};
