import { ApiServer } from "./api-server.ts";
import { Judge } from "./judge.ts";
import { Operator, type Step } from "./operator.ts";
import { Rules } from "./rules.ts";
import { Violation } from "./violation.ts";
import type { Scenario } from "./scenario.ts";
import { Surroundings } from "./surroundings.ts";
import { num, type State, World } from "./world.ts";

export interface Limits {
  readonly states: number;
  readonly seconds: number;
  /** With a seed the next state to go on from is drawn, mostly from the newest, so that little time reaches far; without, the nearest is. */
  readonly seed?: number;
}

export interface Explored {
  readonly scenario: string;
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly faults: number;
  /** Distinct questions put to the judgement. */
  readonly judged: number;
  /** Of the states, those in which nothing happens any more by itself. */
  readonly rests: number;
  /** How many of the states were followed until nothing happened any more; fewer than all where time ran out. */
  readonly followed: number;
  readonly whole: boolean;
  readonly seconds: number;
  readonly broken?: { readonly why: string; readonly how: readonly string[] };
}

/** Goes through every state that can be reached, nearest first, and from each of them to the end by itself. */
export function explore(scenario: Scenario, limits: Limits, now: () => number): Explored {
  const begun = now();
  const world = new World(scenario);
  const judge = new Judge(world);
  const rules = new Rules(world, judge);
  const operator = new Operator(world, judge, rules, new ApiServer(world, judge, rules));
  const surroundings = new Surroundings(world, judge, rules, operator);

  const ids = new Map<string, number>();
  const keys: string[] = [];
  const parents: number[] = [];
  const depths: number[] = [];
  const fair: number[] = [];
  let transitions = 0;
  let rests = 0;
  let followed = 0;

  const add = (state: State, parent: number): number => {
    const key = pack(state);
    const known = ids.get(key);
    if (known !== undefined) return known;
    const id = keys.length;
    ids.set(key, id);
    keys.push(key);
    parents.push(parent);
    depths.push(parent < 0 ? 0 : (depths[parent] ?? 0) + 1);
    return id;
  };

  const successors = (state: State): readonly Step[] => {
    const late = operator.arrives(state);
    // What leads on comes last: a drawn search goes on from the newest.
    return [
      ...surroundings.trouble(state),
      ...surroundings.people(state),
      ...(late ? [late] : []),
      ...surroundings.watches(state),
      ...surroundings.agents(state),
      ...surroundings.jobs(state),
      ...scenario.updates.flatMap((_, u) => operator.steps(state, u).toReversed()),
    ];
  };

  const atRest = (state: State): void => {
    scenario.updates.forEach((_, u) => {
      rules.rest(state, u, operator.rest(state, u));
    });
  };

  const done = (whole: boolean, broken?: Explored["broken"]): Explored => ({
    scenario: scenario.name,
    states: keys.length,
    transitions,
    depth: depths.reduce((a, b) => Math.max(a, b), 0),
    faults: scenario.faults,
    judged: judge.asked,
    rests,
    followed,
    whole,
    seconds: (now() - begun) / 1000,
    ...(broken && { broken }),
  });

  const steps = (id: number): readonly string[] => {
    const way: number[] = [];
    for (let at = id; at >= 0; at = parents[at] ?? -1) way.unshift(at);
    return way.slice(1).map((to, n) => {
      const from = unpack(keys[way[n] ?? 0] ?? "");
      return successors(from).find((step) => pack(step.state) === keys[to])?.what ?? "?";
    });
  };

  const guard = (id: number, judged: () => void, how: readonly string[] = []): Explored | undefined => {
    try {
      judged();
      return undefined;
    } catch (error) {
      const why =
        error instanceof Violation
          ? error.message
          : `it throws: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
      return done(false, { why, how: [...steps(id), ...how] });
    }
  };

  add(led(), -1);
  const pick = limits.seed === undefined ? undefined : drawing(limits.seed);
  const open: number[] = [];
  let seen = 0;
  let first = 0;
  for (let round = 0; keys.length < limits.states; round += 1) {
    for (; seen < keys.length; seen += 1) open.push(seen);
    if (first === open.length) break;
    if (pick !== undefined) {
      const n = pick() < 0.7 ? open.length - 1 : first + Math.floor((open.length - first) * pick());
      [open[n], open[first]] = [open[first] ?? 0, open[n] ?? 0];
    }
    const at = open[first] ?? 0;
    first += 1;
    if (round % 1024 === 0 && (now() - begun) / 1000 > limits.seconds * EXPLORING) break;
    const state = unpack(keys[at] ?? "");
    const found = guard(at, () => {
      for (const step of successors(state)) {
        transitions += 1;
        add(step.state, at);
      }
      const next = surroundings.fair(state);
      fair[at] = next === undefined ? -1 : add(next.state, at);
      if (next === undefined) {
        rests += 1;
        atRest(state);
      }
    });
    if (found !== undefined) return found;
  }

  // From every state the undisturbed way must end: those not gone through yet are followed for themselves.
  const whole = first === open.length && seen === keys.length;
  const ends = new Uint8Array(keys.length);
  const settled = new Set<string>();
  for (let start = 0; start < keys.length; start += 1) {
    if (start % 1024 === 0 && (now() - begun) / 1000 > limits.seconds) return done(false);
    const way: number[] = [];
    let id = start;
    let loose: State | undefined;
    while (id >= 0 && ends[id] === 0) {
      if (way.length > LONGEST)
        return done(false, {
          why: "it never comes to rest",
          how: [...steps(start), ...undisturbed(unpack(keys[start] ?? ""))],
        });
      way.push(id);
      const next = fair[id];
      if (next === undefined) {
        loose = unpack(keys[id] ?? "");
        break;
      }
      id = next;
    }
    const from = id;
    const loosely: string[] = [];
    for (let round = 0; loose !== undefined; round += 1) {
      const state = loose;
      let next: State | undefined;
      const found = guard(from, () => {
        next = surroundings.fair(state)?.state;
        if (next === undefined) atRest(state);
        if (round > LONGEST) throw new Violation("it never comes to rest");
      });
      if (found !== undefined)
        return {
          ...found,
          broken: { why: found.broken?.why ?? "", how: [...steps(from), ...undisturbed(unpack(keys[from] ?? ""))] },
        };
      const key = next === undefined ? "" : pack(next);
      const known = ids.get(key);
      loosely.push(key);
      loose = settled.has(key) || (known !== undefined && ends[known] === 1) ? undefined : next;
    }
    for (const key of loosely) settled.add(key);
    for (const one of way) ends[one] = 1;
    followed += way.length;
  }
  return done(whole);

  /** Where exploring begins: at once, or after what people did in this world before. */
  function led(): State {
    if (scenario.lead === undefined) return world.initial;
    let state = world.initial;
    for (const word of [...scenario.lead, undefined]) {
      for (let step = surroundings.fair(state); step !== undefined; step = surroundings.fair(state)) state = step.state;
      if (word === undefined) break;
      const acted = surroundings.people(state).find(({ what }) => what.includes(word));
      if (acted === undefined) throw new Error(`in ${scenario.name} nobody could do "${word}"`);
      state = acted.state;
    }
    return world.renewed(state);
  }

  function undisturbed(state: State): readonly string[] {
    const how: string[] = [];
    for (let now: State | undefined = state; now !== undefined && how.length < 40;) {
      try {
        const step: Step | undefined = surroundings.fair(now);
        if (step === undefined) break;
        how.push(`(by itself) ${step.what}`);
        now = step.state;
      } catch {
        break;
      }
    }
    return how;
  }
}

/** Numbers below 1, the same for the same seed (mulberry32). */
function drawing(seed: number): () => number {
  let at = seed;
  return () => {
    at = (at + 0x6d2b79f5) | 0;
    let mixed = Math.imul(at ^ (at >>> 15), 1 | at);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The share of the time for finding states; the rest is for following them to their rest. */
const EXPLORING = 0.45;

/** More steps than any undisturbed way has. */
const LONGEST = 400;

/** Thirty bits in two characters each: a state as a string is what a Map finds fastest. */
function pack(state: State): string {
  let key = "";
  for (let i = 0; i < state.length; i += 1) {
    const value = num(state, i);
    key += String.fromCharCode(value & 0x7fff, value >> 15);
  }
  return key;
}

function unpack(key: string): State {
  return Array.from({ length: key.length / 2 }, (_, i) => key.charCodeAt(2 * i) | (key.charCodeAt(2 * i + 1) << 15));
}
