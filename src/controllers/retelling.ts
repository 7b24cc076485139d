import type { Message } from "../runtime/outbox.ts";
import { splitKey } from "../runtime/kind.ts";

/** What whoever begins to lead tells again: of each update once, at whichever comes first, its turn or something new of it. */
export interface Retelling {
  /** Namespaces take turns, so that one with many updates keeps no other's from being told. */
  readonly inTurn: () => IterableIterator<Message>;
  /** What is still to be told again of this one, before something new is. */
  readonly now: (key: string) => readonly Message[];
}

export function createRetelling(keys: readonly string[], standing: (key: string) => readonly Message[]): Retelling {
  const left = new Set(keys);
  const now = (key: string): readonly Message[] => (left.delete(key) ? standing(key) : []);
  return {
    now,
    inTurn: function* () {
      for (const key of takingTurns(keys)) yield* now(key);
    },
  };
}

function* takingTurns(keys: readonly string[]): Generator<string> {
  let groups = [...Map.groupBy(keys, (key) => splitKey(key).namespace).values()].map((group) => group.values());
  while (groups.length > 0) {
    const open: typeof groups = [];
    for (const group of groups) {
      const next = group.next();
      if (next.done === true) continue;
      yield next.value;
      open.push(group);
    }
    groups = open;
  }
}
