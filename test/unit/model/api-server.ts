import type { Effect } from "../../../src/core/decision.ts";
import { jobName } from "../../../src/core/job.ts";
import type { Judge } from "./judge.ts";
import { keyOf } from "./judge.ts";
import type { Rules } from "./rules.ts";
import { type NewOrder, take, wordOf } from "./agent.ts";
import { change, num, type State, type World } from "./world.ts";
import type { Mainframe } from "../../../src/api/mainframe.ts";
import type { Server } from "../../../src/api/server.ts";

/** What became of a request: the state after it, and what the reply puts into the caches of who reads it. */
export interface Reply {
  readonly state: State;
  readonly known: readonly (readonly [index: number, value: number])[];
  readonly refused?: true;
  /** Of an order: what the agent said, under which key. */
  readonly said?: readonly [key: string, word: string];
}

/** Does one effect to the truth, as the API server and the agents would. */
export class ApiServer {
  readonly #world: World;
  readonly #judge: Judge;
  readonly #rules: Rules;

  constructor(world: World, judge: Judge, rules: Rules) {
    this.#world = world;
    this.#judge = judge;
    this.#rules = rules;
  }

  do(state: State, update: number, effect: Effect): Reply {
    switch (effect.do) {
      case "claim":
      case "release":
        return this.#writeApp(state, update, effect);
      case "record":
        return this.#writeRecord(state, update, effect.record);
      case "deliver":
      case "restore":
        return this.#order(state, update, effect);
      case "startJob":
        return this.#startJob(state, update, effect);
      case "releaseJob":
        return this.#releaseJob(state, effect);
      default:
        return effect satisfies never;
    }
  }

  #writeApp(
    state: State,
    update: number,
    { do: verb, target, app }: Extract<Effect, { do: "claim" | "release" }>,
  ): Reply {
    const { at, targets } = this.#world;
    const t = this.#indexOf(target);
    const now = num(state, at.truth.targets + t);
    // The precondition: versions of the model are contents, and a sequence never comes back.
    if (String(now) !== target.metadata.resourceVersion) return { state, known: [], refused: true };
    const before = targets.get(now);
    if (verb === "claim") this.#rules.claim(state, update, t, before.app?.claim?.uid);
    this.#rules.written(t, before.app, app);
    const next = targets.id({ ...before, app });
    return { state: change(state, [at.truth.targets + t, next]), known: [[at.cache.targets + t, next]] };
  }

  #writeRecord(state: State, update: number, record: Extract<Effect, { do: "record" }>["record"]): Reply {
    const { at, chains } = this.#world;
    const index = at.truth.chains + update;
    const chain = chains.get(num(state, index));
    if (chain.length < record.seq) throw new Error(`record ${record.seq} would leave a gap`);
    const next = chain.length === record.seq ? chains.id([...chain, record]) : num(state, index);
    this.#rules.chain(next);
    const cached = chains.get(num(state, at.cache.chains + update));
    const known =
      cached.length > record.seq
        ? num(state, at.cache.chains + update)
        : chains.id(chains.get(next).slice(0, record.seq + 1));
    return { state: change(state, [index, next]), known: [[at.cache.chains + update, known]] };
  }

  #order(state: State, update: number, effect: Extract<Effect, { do: "deliver" | "restore" }>): Reply {
    const { at, agents } = this.#world;
    const { target, order, expiresAt } = effect;
    const t = this.#indexOf(target);
    const index = at.agents + t;
    const agent = agents.get(num(state, index));
    const key = keyOf(target.metadata.uid, order.sequence);
    const sent: NewOrder = {
      update,
      sequence: order.sequence,
      action: effect.do,
      expiresAt,
      ...(effect.do === "deliver"
        ? { release: this.#world.releaseOf(update), undoes: 0 }
        : {
            release: this.#world.releaseWith(effect.release.digest.replace("sha256:", "")),
            undoes: effect.release.undoes,
          }),
    };
    const { word, next, known } = take(agent, sent, this.#world.now(state));
    if (next !== undefined || known !== undefined) this.#rules.accepted(state, t, sent, known);
    return {
      state: next === undefined ? state : change(state, [index, agents.id(next)]),
      known: [],
      said: [key, word],
    };
  }

  #startJob(state: State, update: number, { target, attempt }: Extract<Effect, { do: "startJob" }>): Reply {
    const { at, jobs, scenario } = this.#world;
    const deployment = scenario.updates[update];
    if (deployment === undefined) throw new Error(`no update ${update}`);
    const name = jobName(deployment, target, attempt);
    const all = jobs.get(num(state, at.truth.jobs));
    if (all.some((job) => job.name === name)) return this.#adopt(state, name);
    const next = [...all, { name, update, target: this.#indexOf(target), attempt, held: true }].sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    return this.#adopt(change(state, [at.truth.jobs, jobs.id(next)]), name);
  }

  #releaseJob(state: State, { name, remove }: Extract<Effect, { do: "releaseJob" }>): Reply {
    const { at, jobs } = this.#world;
    const next = jobs
      .get(num(state, at.truth.jobs))
      .flatMap((job) => (job.name !== name ? [job] : remove ? [] : [{ ...job, held: false }]));
    return this.#adopt(change(state, [at.truth.jobs, jobs.id(next)]), name);
  }

  /** The caches learn of this one Job. */
  #adopt(state: State, name: string): Reply {
    const { at, jobs } = this.#world;
    const truth = jobs.get(num(state, at.truth.jobs)).filter((job) => job.name === name);
    const cached = jobs.get(num(state, at.cache.jobs)).filter((job) => job.name !== name);
    const next = [...cached, ...truth].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { state, known: [[at.cache.jobs, jobs.id(next)]] };
  }

  #indexOf(target: Server | Mainframe): number {
    return this.#world.scenario.targets.findIndex(({ specs }) => specs[0].metadata.uid === target.metadata.uid);
  }

  /** What the agent would say about an order. */
  reported(state: State, uid: string, key: string): string {
    const { at, agents, scenario } = this.#world;
    const t = scenario.targets.findIndex(({ specs }) => specs[0].metadata.uid === uid);
    const sequence = Number(key.split(".").at(-1));
    const order = agents.get(num(state, at.agents + t)).orders.find((one) => one.sequence === sequence);
    return order === undefined ? "NotFound" : wordOf(order);
  }

  get judge(): Judge {
    return this.#judge;
  }
}
