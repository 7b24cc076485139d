import type { Decision, Effect, Look } from "../../../src/core/decision.ts";
import { decideGone } from "../../../src/core/gone.ts";
import type { ApiServer } from "./api-server.ts";
import type { Judge } from "./judge.ts";
import type { Rules } from "./rules.ts";
import { change, IDLE, type ModelThread, num, type State, type View, type World } from "./world.ts";

export interface Step {
  readonly what: string;
  readonly state: State;
}

/** The loop of the operator, one step at a time: read, ask, write, and each of them may go wrong. */
export class Operator {
  readonly #world: World;
  readonly #judge: Judge;
  readonly #rules: Rules;
  readonly #api: ApiServer;

  constructor(world: World, judge: Judge, rules: Rules, api: ApiServer) {
    this.#world = world;
    this.#judge = judge;
    this.#rules = rules;
    this.#api = api;
  }

  /** What the reconcile of one update may do next; the first is what happens when nothing goes wrong. */
  steps(state: State, update: number): readonly Step[] {
    const { at, threads, deployments } = this.#world;
    if (!deployments.get(num(state, at.cache.deployments + update)).stands) return this.#farewell(state, update);
    const threadId = num(state, at.threads + update);
    const thread = threads.get(threadId);
    if (thread.policiesDue) return [this.#readPolicies(state, update, thread)];
    if (thread.plan !== undefined) return this.#perform(state, update, thread, thread.plan);
    const id = this.#judge.decide(state, update, thread, threadId);
    const decision = this.#judge.decision(id);
    switch (decision.kind) {
      case "rest":
        return thread === IDLE ? [] : [{ what: "rest", state: this.#goOn(state, update, IDLE) }];
      case "look":
        return this.#look(state, update, thread, decision.look);
      case "act": {
        const view = thread.view ?? this.#judge.cached(state, update);
        return this.#perform(state, update, { ...thread, view }, { decision: id, next: 0 });
      }
      default:
        return decision satisfies never;
    }
  }

  /** With what this update rests, once its reconcile has asked all it wants to know; nothing where it is gone. */
  rest(state: State, update: number): Extract<Decision, { kind: "rest" }> | undefined {
    if (!this.#world.deployments.get(num(state, this.#world.at.cache.deployments + update)).stands) return undefined;
    let now = state;
    for (let round = 0; round < 20; round += 1) {
      const thread = this.#world.threads.get(num(now, this.#world.at.threads + update));
      const decision = this.#judge.decision(this.#judge.decide(now, update, thread));
      if (decision.kind === "rest") return decision;
      if (decision.kind === "act") throw new Error("it does not rest");
      now = this.#hear(now, update, thread, decision.look, false, false);
    }
    throw new Error("it looks and looks");
  }

  #look(state: State, update: number, thread: ModelThread, look: Look): readonly Step[] {
    const { at, deployments } = this.#world;
    if (look.live && !deployments.get(num(state, at.truth.deployments + update)).stands)
      return [{ what: "gone", state: this.#set(state, update, IDLE) }];
    const good = { what: look.live ? "read" : "ask", state: this.#hear(state, update, thread, look, false) };
    const fault = look.agents.length + look.orders.length > 0 ? this.#world.spend(state, "silence") : undefined;
    if (fault === undefined) return [good];
    return [
      good,
      { what: "ask, and no answer", state: this.#hear(change(state, [at.budgets, fault]), update, thread, look, true) },
    ];
  }

  #hear(state: State, update: number, thread: ModelThread, look: Look, silent: boolean, settle = true): State {
    const { at, scenario } = this.#world;
    const caches: (readonly [number, number])[] = look.live
      ? [
          [at.cache.deployments + update, num(state, at.truth.deployments + update)],
          ...[update, ...this.#world.sameArtifact(update)].map(
            (u) => [at.cache.chains + u, num(state, at.truth.chains + u)] as const,
          ),
        ]
      : [];
    const known =
      look.policies && !look.live && thread.view?.live !== true
        ? [[at.known, num(state, at.policies) + 1] as const]
        : [];
    const view: View | undefined = look.live ? this.#judge.live(state, update) : thread.view;
    if (look.live && view !== undefined)
      for (const u of this.#judge.newerThan(change(state, ...caches), update, view))
        caches.push(
          [at.cache.deployments + u, num(state, at.truth.deployments + u)],
          [at.cache.chains + u, num(state, at.truth.chains + u)],
        );
    const uidOf = (t: number): string => scenario.targets[t]?.specs[0].metadata.uid ?? "";
    const agents = Object.fromEntries(
      scenario.targets.flatMap((_, t) =>
        look.agents.includes(uidOf(t)) ? [[t, silent ? -1 : num(state, at.agents + t)]] : [],
      ),
    );
    const orders = Object.fromEntries(
      look.orders.map(({ target, key }) => [key, silent ? "NotAnswered" : this.#api.reported(state, target, key)]),
    );
    const next: ModelThread = {
      ...(view && { view }),
      agents: sorted({ ...thread.agents, ...agents }),
      orders: sorted({ ...thread.orders, ...orders }),
      // A live view goes with policies read after it; anything may happen in between.
      policiesDue: look.policies && view?.live === true,
    };
    const after = change(state, ...caches, ...known);
    return settle ? this.#goOn(after, update, next) : this.#set(after, update, next);
  }

  #readPolicies(state: State, update: number, { view, ...thread }: ModelThread): Step {
    const { at } = this.#world;
    const next: ModelThread = { ...thread, policiesDue: false, ...(view && { view: { ...view, proven: true } }) };
    return {
      what: "read the policies",
      state: this.#goOn(change(state, [at.known, num(state, at.policies) + 1]), update, next),
    };
  }

  #perform(state: State, update: number, thread: ModelThread, plan: NonNullable<ModelThread["plan"]>): readonly Step[] {
    const { at } = this.#world;
    const effect = this.effect(plan.decision, plan.next);
    if (effect.do === "record" && thread.view !== undefined)
      this.#rules.record(state, update, thread.view, effect.record);
    const reply = this.#api.do(state, update, effect);
    const name = nameOf(effect);
    if (reply.refused === true) return [{ what: `${name}: conflict`, state: this.#set(state, update, IDLE) }];

    const rest = this.#after(thread, plan, effect, reply.said);
    const steps: Step[] = [{ what: name, state: this.#goOn(change(reply.state, ...reply.known), update, rest) }];
    const fault = (
      budget: "lostReply" | "conflict" | "delay",
      what: string,
      make: (budgets: readonly [number, number]) => State,
    ): void => {
      const left = this.#world.spend(state, budget);
      if (left !== undefined) steps.push({ what: `${name}: ${what}`, state: make([at.budgets, left]) });
    };
    fault("lostReply", "done, and the reply is lost", (budgets) => {
      const after = change(reply.state, budgets);
      if (reply.said === undefined) return this.#set(after, update, IDLE);
      return this.#goOn(after, update, this.#after(thread, plan, effect, [reply.said[0], "NotAnswered"]));
    });
    if (effect.do !== "deliver" && effect.do !== "restore")
      fault("conflict", "somebody was faster", (budgets) => this.#set(change(state, budgets), update, IDLE));
    if (num(state, at.delayed) === 0)
      fault("delay", "under way still, and given up", (budgets) =>
        this.#set(
          change(state, budgets, [
            at.delayed,
            this.#world.delayed.id({ update, effect: plan.decision * EFFECTS + plan.next }),
          ]),
          update,
          IDLE,
        ),
      );
    return steps;
  }

  #after(
    { view, agents, orders, policiesDue }: ModelThread,
    plan: NonNullable<ModelThread["plan"]>,
    effect: Effect,
    said: readonly [string, string] | undefined,
  ): ModelThread {
    const decision = this.#judge.decision(plan.decision);
    const more = decision.kind === "act" && plan.next + 1 < decision.effects.length;
    // What an agent said before its target was claimed, or put back, is not what it would say now.
    const changed =
      effect.do === "claim" || effect.do === "restore"
        ? this.#world.scenario.targets.findIndex(({ specs }) => specs[0].metadata.uid === effect.target.metadata.uid)
        : -1;
    return {
      policiesDue,
      agents: Object.fromEntries(Object.entries(agents).filter(([t]) => Number(t) !== changed)),
      orders: said === undefined ? orders : sorted({ ...orders, [said[0]]: said[1] }),
      // After the last effect everything is decided anew from the caches.
      ...(more && { plan: { decision: plan.decision, next: plan.next + 1 } }),
      ...(more && view && { view }),
    };
  }

  /** A request that an operator before this one sent, or this one gave up, arrives after all. */
  arrives(state: State): Step | undefined {
    const { at, delayed } = this.#world;
    const late = delayed.get(num(state, at.delayed));
    if (late === null) return undefined;
    const effect = this.effect(Math.floor(late.effect / EFFECTS), late.effect % EFFECTS);
    const reply = this.#api.do(state, late.update, effect);
    return { what: `${nameOf(effect)}: arrives late`, state: change(reply.state, [at.delayed, 0]) };
  }

  effect(decision: number, index: number): Effect {
    const found = this.#judge.decision(decision);
    const effect = found.kind === "act" ? found.effects[index] : undefined;
    if (effect === undefined) throw new Error(`decision ${decision} has no effect ${index}`);
    return effect;
  }

  #farewell(state: State, update: number): readonly Step[] {
    const { at, chains, deployments, scenario } = this.#world;
    const observed = this.#judge.observed(state, update, IDLE);
    const uid = scenario.updates[update]?.metadata.uid ?? "";
    const [effect] = decideGone(
      {
        uid,
        records: chains.get(num(state, at.cache.chains + update)),
        targets: observed.targets,
        jobs: observed.jobs,
      },
      this.#world.now(state),
    );
    if (effect === undefined || deployments.get(num(state, at.truth.deployments + update)).stands) return [];
    const reply = this.#api.do(state, update, effect);
    if (reply.refused === true) return [];
    return [
      { what: `farewell: ${nameOf(effect)}`, state: this.#set(change(reply.state, ...reply.known), update, IDLE) },
    ];
  }

  /** A reconcile that has nothing left to do is over, and forgets what it heard. */
  #goOn(state: State, update: number, thread: ModelThread): State {
    if (thread.policiesDue || thread.plan !== undefined) return this.#set(state, update, thread);
    const id = this.#world.threads.id(thread);
    const decision = this.#judge.decision(this.#judge.decide(state, update, thread, id));
    if (decision.kind === "rest") this.#rules.silent(state, update, decision, thread);
    return change(state, [this.#world.at.threads + update, decision.kind === "rest" ? 0 : id]);
  }

  #set(state: State, update: number, thread: ModelThread): State {
    return change(state, [this.#world.at.threads + update, this.#world.threads.id(thread)]);
  }
}

/** More effects than any decision has. */
const EFFECTS = 64;

const sorted = <T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

const nameOf = (effect: Effect): string => {
  if (effect.do === "record")
    return `record ${effect.record.tier ?? ""} ${effect.record.from ?? ""} -> ${effect.record.to} (${effect.record.reason})`;
  return effect.do === "releaseJob" ? "releaseJob" : `${effect.do} ${effect.target.metadata.name}`;
};
