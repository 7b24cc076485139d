import type { SeenAgent, SeenJob, SeenOrder } from "../core/observed.ts";

/** What targets said in this reconcile, by uid; it is not kept longer, because it ages. */
export type Heard = ReadonlyMap<string, HeardOfTarget>;

export interface HeardOfTarget {
  readonly agent: SeenAgent;
  /** Answers about orders, by key. */
  readonly orders: Readonly<Record<string, SeenOrder>>;
  /** A Job that stands where its own was to be started, and does not even have its labels. */
  readonly foreign?: SeenJob;
}

/** One answer of a target; `NotAsked` takes back what its agent said before. */
export type Word = { readonly target: string } & (
  { readonly agent: SeenAgent } | { readonly key: string; readonly order: SeenOrder } | { readonly foreign: SeenJob }
);

export const NOTHING_HEARD: Heard = new Map();

const SILENT: HeardOfTarget = { agent: { state: "NotAsked" }, orders: {} };

/** What agents said is of the state of the update in which they were asked; where its chain has grown since, they are asked again. */
export const forgetAgents = (heard: Heard): Heard =>
  new Map([...heard].map(([target, words]) => [target, { ...words, agent: SILENT.agent }]));

export const heardOf = (heard: Heard, uid: string): HeardOfTarget => heard.get(uid) ?? SILENT;

/** What is heard with these words after those before. */
export function hear(heard: Heard, words: readonly Word[]): Heard {
  const all = new Map(heard);
  for (const word of words) {
    const before = heardOf(all, word.target);
    if ("agent" in word) all.set(word.target, { ...before, agent: word.agent });
    else if ("foreign" in word) all.set(word.target, { ...before, foreign: word.foreign });
    else all.set(word.target, { ...before, orders: { ...before.orders, [word.key]: word.order } });
  }
  return all;
}
