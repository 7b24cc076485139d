import type { Failure } from "./failure.ts";

/** Counts failures of a key since it last went well, each kind by itself: one that comes after many of another kind is news. */
export type Streaks = {
  readonly add: (key: string, kind: Failure["kind"]) => Streak;
  readonly end: (key: string) => void;
};
export type Streak = {
  /** How often this kind since the key last went well. */
  readonly count: number;
  /** The failure before was none, or of another kind. */
  readonly changed: boolean;
};

export const createStreaks = (): Streaks => {
  const streaks = new Map<
    string,
    { readonly last: Failure["kind"]; readonly counts: ReadonlyMap<Failure["kind"], number> }
  >();
  return {
    add: (key, kind) => {
      const before = streaks.get(key);
      const count = (before?.counts.get(kind) ?? 0) + 1;
      streaks.set(key, { last: kind, counts: new Map(before?.counts).set(kind, count) });
      return { count, changed: before?.last !== kind };
    },
    end: (key) => {
      streaks.delete(key);
    },
  };
};
