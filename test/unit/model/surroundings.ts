import { type Tier, TIERS } from "../../../src/api/group.ts";
import type { RecordSpec } from "../../../src/api/record.ts";
import { approvalsOf } from "../../../src/core/approvals.ts";
import { progressOf } from "../../../src/core/progress.ts";
import { rollbackToken } from "../../../src/core/rollback.ts";
import { currentTier } from "../../../src/core/tiers.ts";
import type { SeenPolicies } from "../../../src/core/observed.ts";
import { tokenOf, tokenOfRecorded } from "../../../src/core/token.ts";
import { carryOut, type Ending, type ModelOrder, previousOn, releaseOn } from "./agent.ts";
import type { Judge } from "./judge.ts";
import type { Operator, Step } from "./operator.ts";
import type { Rules } from "./rules.ts";
import type { Budget } from "./scenario.ts";
import { change, IDLE, type ModelAction, type ModelJob, num, type State, type World } from "./world.ts";

interface Scene {
  readonly tier: Tier;
  readonly begun: boolean;
  /** Whether people have to say so before it begins. */
  readonly gated: boolean;
  readonly token: string;
  readonly saw: ModelAction["saw"];
  readonly newest?: RecordSpec;
}

/** Everything that is not the operator: watches, agents, Jobs, people, and crashes. */
export class Surroundings {
  readonly #world: World;
  readonly #judge: Judge;
  readonly #rules: Rules;
  readonly #operator: Operator;
  readonly #orders = new Map<string, number>();
  readonly #jobs = new Map<string, number>();
  readonly #scenes = new Map<string, { readonly scene: Scene | undefined }>();

  constructor(world: World, judge: Judge, rules: Rules, operator: Operator) {
    this.#world = world;
    this.#judge = judge;
    this.#rules = rules;
    this.#operator = operator;
  }

  /** A watch brings its cache up to now. */
  watches(state: State): readonly Step[] {
    const { truth, cache } = this.#world.at;
    const updates = this.#world.scenario.updates.length;
    const targets = this.#world.scenario.targets.length;
    const kinds = [
      ["deployments", truth.deployments, cache.deployments, updates],
      ["targets", truth.targets, cache.targets, targets],
      ["records", truth.chains, cache.chains, updates],
      ["Jobs", truth.jobs, cache.jobs, 1],
    ] as const;
    return kinds.flatMap(([kind, from, to, count]) => {
      const pairs = Array.from({ length: count }, (_, n) => [to + n, num(state, from + n)] as const);
      return pairs.every(([index, value]) => num(state, index) === value)
        ? []
        : [{ what: `the watch of ${kind}`, state: change(state, ...pairs) }];
    });
  }

  agents(state: State): readonly Step[] {
    const { at, agents, scenario } = this.#world;
    return scenario.targets.flatMap(({ specs }, t): Step[] => {
      const index = at.agents + t;
      const agent = agents.get(num(state, index));
      const order = agent.orders.find((one) => one.state === "Accepted");
      if (order === undefined) return [];
      const end = (ending: Ending): readonly [number, number] => [index, this.#ended(state, t, order, ending)];
      const what = `${specs[0].metadata.name}: order ${order.sequence} (${order.action})`;
      return [
        { what: `${what} is carried out`, state: change(state, end("well")) },
        ...this.#spending(state, "badOutcome", `${what} fails before its switch`, end("before the switch")),
        ...this.#spending(state, "badOutcome", `${what} fails after its switch`, end("after the switch")),
      ];
    });
  }

  #ended(state: State, t: number, order: ModelOrder, ending: Ending): number {
    const { at, agents } = this.#world;
    const id = num(state, at.agents + t);
    const key = `${id},${num(state, at.clock)},${ending}`;
    const known = this.#orders.get(key);
    const before = agents.get(id);
    const after = known === undefined ? carryOut(before, order, ending, this.#world.now(state)) : agents.get(known);
    if (after.current !== before.current) this.#rules.activated(state, t, before, order);
    const next = known ?? agents.id(after);
    this.#orders.set(key, next);
    return next;
  }

  jobs(state: State): readonly Step[] {
    const { at, jobs, agents } = this.#world;
    const all = jobs.get(num(state, at.truth.jobs));
    return all.flatMap((job): Step[] => {
      if (job.outcome !== undefined) return [];
      const runs = releaseOn(agents.get(num(state, at.agents + job.target)));
      const end = (outcome: NonNullable<ModelJob["outcome"]>): readonly [number, number] => {
        const key = `${num(state, at.truth.jobs)},${job.name},${runs},${outcome}`;
        const known =
          this.#jobs.get(key) ?? jobs.id(all.map((one) => (one === job ? { ...one, outcome, ran: runs } : one)));
        this.#jobs.set(key, known);
        return [at.truth.jobs, known];
      };
      return [
        { what: `a Job passes`, state: change(state, end("Passed")) },
        ...this.#spending(state, "badOutcome", "a Job fails", end("Failed")),
        ...this.#spending(state, "badOutcome", "a Job proves nothing", end("Inconclusive")),
      ];
    });
  }

  trouble(state: State): readonly Step[] {
    const { at, scenario, agents } = this.#world;
    const working = scenario.updates.some((_, u) => num(state, at.threads + u) !== 0);
    const forgets = scenario.updates.map((_, u) => [at.threads + u, 0] as const);
    return [
      ...(working || num(state, at.known) !== 0
        ? this.#spending(state, "crash", "the operator crashes", [at.known, 0], ...forgets)
        : []),
      ...this.#spending(state, "clock", "an hour passes", [at.clock, num(state, at.clock) + 1]),
      ...this.#policies(state),
      ...scenario.targets.flatMap(({ specs }, t) => {
        const agent = agents.get(num(state, at.agents + t));
        const place = previousOn(agent)?.place;
        const next = { ...agent, lost: [...agent.lost, place ?? 0] };
        return place === undefined
          ? []
          : this.#spending(state, "forget", `what ${specs[0].metadata.name} kept is gone`, [
              at.agents + t,
              agents.id(next),
            ]);
      }),
    ];
  }

  #policies(state: State): readonly Step[] {
    const { at, policies } = this.#world;
    const { on, generation } = policies.get(num(state, at.policies));
    if (!on)
      return [
        {
          what: "the policies are put back",
          state: change(state, [at.policies, policies.id({ on: true, generation: generation + 1 })]),
        },
        ...this.#watched(state),
      ];
    return [
      ...this.#spending(state, "policiesOff", "the policies are removed", [
        at.policies,
        policies.id({ on: false, generation }),
      ]),
      ...this.#watched(state),
    ];
  }

  /** The operator looks at the policies from time to time. */
  #watched(state: State): readonly Step[] {
    const { at } = this.#world;
    const now = num(state, at.policies) + 1;
    return num(state, at.known) === now || num(state, at.known) === 0
      ? []
      : [{ what: "the operator looks at the policies", state: change(state, [at.known, now]) }];
  }

  people(state: State): readonly Step[] {
    const { at, scenario, targets } = this.#world;
    return [
      ...scenario.updates.flatMap((_, u) => this.#acting(state, u)),
      ...scenario.targets.flatMap(({ specs }, t) => {
        const index = at.truth.targets + t;
        const now = targets.get(num(state, index));
        return specs.length <= now.spec + 1
          ? []
          : this.#spending(state, "respec", `the spec of ${specs[0].metadata.name} changes`, [
              index,
              targets.id({ ...now, spec: now.spec + 1 }),
            ]);
      }),
    ];
  }

  #acting(state: State, update: number): readonly Step[] {
    const { at, deployments, policies, scenario } = this.#world;
    const index = at.truth.deployments + update;
    const { stands, actions } = deployments.get(num(state, index));
    if (!stands) return [];
    const name = scenario.updates[update]?.metadata.name ?? "";
    const write = (budget: Budget, what: string, next: readonly ModelAction[]): readonly Step[] =>
      this.#world.spend(state, budget) === undefined
        ? []
        : this.#spending(state, budget, `${what} ${name}`, [
            index,
            deployments.id({ stands: true, actions: [...next].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) }),
          ]);
    const gone = this.#spending(state, "remove", `${name} is deleted`, [
      index,
      deployments.id({ stands: false, actions: [] }),
    ]);
    const { on, generation } = policies.get(num(state, at.policies));
    const others = (one: ModelAction): readonly ModelAction[] => actions.filter((old) => keyOf(old) !== keyOf(one));
    const back = !on
      ? []
      : this.#takeable(state, update).flatMap(([on, names]) => {
          const asked: ModelAction = {
            verb: "rollback",
            tier: on,
            slot: "",
            by: "carol",
            token: names,
            forged: false,
            saw: NOTHING_SEEN,
          };
          const known = actions.some((old) => keyOf(old) === keyOf(asked) && old.token === names);
          return known ? [] : write("rollback", `somebody asks to roll ${on} back:`, [...others(asked), asked]);
        });
    const scene = this.#scene(state, update);
    if (scene === undefined) return [...gone, ...back];
    const { tier, begun, token, newest, saw } = scene;
    const act = (verb: ModelAction["verb"], slot: string, by: string, names: string, forged = false): ModelAction => ({
      verb,
      tier,
      slot,
      by,
      token: names,
      forged,
      saw: { ...saw, policies: generation },
    });
    const free = scenario.people.filter(
      ({ slot }) => !actions.some((old) => old.verb === "approve" && old.tier === tier && old.slot === slot),
    );
    const gated = scene.gated && !begun;
    return [
      ...gone,
      ...back,
      ...(on && gated
        ? free.flatMap(({ by, slot }) =>
            write("approve", `${by} approves`, [...actions, act("approve", slot, by, token)]),
          )
        : []),
      ...(!on && gated
        ? free.flatMap(({ by, slot }) =>
            write("forge", `somebody forges an approval of ${by} for`, [
              ...actions,
              act("approve", slot, by, token, true),
            ]),
          )
        : []),
      ...(gated
        ? actions
            .filter(({ verb }) => verb === "approve")
            .flatMap((old) => write("withdraw", `${old.by} withdraws the approval of`, others(old)))
        : []),
      ...(on && !begun
        ? write("cancel", "somebody cancels", [
            ...others(act("cancel", "", "carol", token)),
            act("cancel", "", "carol", token),
          ])
        : []),
      ...(on && newest
        ? write("verify", "somebody asks to verify", [
            ...others(act("verify", "", "carol", "")),
            act("verify", "", "carol", tokenOfRecorded(newest.hash, this.#inForce(state))),
          ])
        : []),
    ];
  }

  /** The tiers that can be rolled back, each with the token under which it began, or that of a restore that failed. */
  #takeable(state: State, update: number): readonly (readonly [Tier, string])[] {
    const { at, chains } = this.#world;
    const chain = chains.get(num(state, at.truth.chains + update));
    const policies = this.#inForce(state);
    if (chain.length === 0) return [];
    const view = this.#judge.live(state, update);
    const seen = { ...this.#judge.observed(state, update, { ...IDLE, view }), policies };
    const progress = progressOf(seen.records);
    const begun = TIERS.flatMap((tier) => {
      const token = rollbackToken(tier, seen, progress);
      return token === undefined ? [] : [[tier, token] as const];
    });
    const failed = chain.findLast(({ reason }) => reason === "RestoreFailed");
    return [
      ...begun,
      ...(failed?.tier === undefined ? [] : [[failed.tier, tokenOfRecorded(failed.hash, policies)] as const]),
    ];
  }

  /** The policies as they are, or were last in force. */
  #inForce(state: State): SeenPolicies {
    const { at, policies } = this.#world;
    const { generation } = policies.get(num(state, at.policies));
    return this.#judge.policies(policies.id({ on: true, generation }));
  }

  /** What people see of an update who act on it now; nothing where there is nothing to act on. */
  #scene(state: State, update: number): Scene | undefined {
    const { at, scenario, policies } = this.#world;
    const specs = scenario.targets.map((_, t) => this.#world.targets.get(num(state, at.truth.targets + t)).spec).join();
    const others = this.#world.sameArtifact(update).map((u) => num(state, at.truth.chains + u));
    const key = `${update};${num(state, at.policies)};${num(state, at.truth.chains + update)};${specs};${others.join()}`;
    const known = this.#scenes.get(key);
    if (known !== undefined) return known.scene;
    const view = this.#judge.live(state, update);
    const { generation } = policies.get(num(state, at.policies));
    const seen = {
      ...this.#judge.observed(state, update, { ...IDLE, view }),
      policies: this.#inForce(state),
    };
    const progress = progressOf(seen.records);
    const tier = currentTier(progress, seen.targets);
    const made = (): Scene | undefined => {
      if (tier === undefined || progress.end !== undefined || progress.head === undefined) return undefined;
      const held = [...progress.tiers[tier].targets.values()]
        .filter(({ state: one }) => one === "Held")
        .map(({ record }) => record);
      const newest = held.toSorted((a, b) => b.seq - a.seq)[0];
      const token = tokenOf(tier, seen).value;
      return {
        tier,
        begun: progress.tiers[tier].targets.size > 0,
        gated: approvalsOf(tier, token, seen).required > 0,
        token,
        saw: this.#rules.saw(view, generation, update, tier),
        ...(newest && { newest }),
      };
    };
    const scene = made();
    this.#scenes.set(key, { scene });
    return scene;
  }

  #spending(
    state: State,
    budget: Budget,
    what: string,
    ...pairs: readonly (readonly [number, number])[]
  ): readonly Step[] {
    const left = this.#world.spend(state, budget);
    return left === undefined ? [] : [{ what, state: change(state, ...pairs, [this.#world.at.budgets, left]) }];
  }

  /** Whether a reconcile does more than ask: polling is no progress. */
  #leadsOn(state: State, update: number): boolean {
    const thread = this.#world.at.threads + update;
    if (num(state, thread) !== 0) return true;
    let now = state;
    do {
      const [step] = this.#operator.steps(now, update);
      if (step === undefined) break;
      now = step.state;
      if (different(now, change(state, [thread, num(now, thread)]))) return true;
    } while (num(now, thread) !== 0);
    return false;
  }

  /** What happens by itself when nobody does anything and nothing goes wrong, the most urgent first. */
  fair(state: State): Step | undefined {
    const [watch] = this.watches(state);
    if (watch !== undefined) return watch;
    const [agent] = this.agents(state);
    if (agent !== undefined) return agent;
    for (const update of this.#world.scenario.updates.keys()) {
      const [step] = this.#operator.steps(state, update);
      if (step !== undefined && this.#leadsOn(state, update)) return step;
    }
    return this.#operator.arrives(state) ?? this.#watched(state)[0] ?? this.jobs(state)[0] ?? this.#later(state);
  }

  /** What is on its way back needs no person, but it may need time. */
  #later(state: State): Step | undefined {
    const { at, scenario } = this.#world;
    const waits = scenario.updates.some((_, u) => {
      const rest = this.#operator.rest(state, u);
      return rest?.status.phase === "RollingBack" && rest.wakeAt !== undefined;
    });
    return waits ? { what: "time passes", state: change(state, [at.clock, num(state, at.clock) + 1]) } : undefined;
  }
}

const NOTHING_SEEN: ModelAction["saw"] = { record: "", specs: "", policies: 0, quarantine: "" };

const different = (a: State, b: State): boolean => a.some((value, index) => value !== b[index]);

const keyOf = ({ verb, tier, slot }: Pick<ModelAction, "verb" | "tier" | "slot">): string => `${verb}/${tier}.${slot}`;
