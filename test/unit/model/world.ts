import type { Tier, Verb } from "../../../src/api/group.ts";
import type { RecordSpec } from "../../../src/api/record.ts";
import type { AppState } from "../../../src/api/target.ts";
import type { Effect } from "../../../src/core/decision.ts";
import { digestOfUpdate } from "../../../src/api/layer.ts";
import { NOW, sha } from "../fixtures.ts";
import { agentAt, type ModelAgent } from "./agent.ts";
import { Intern } from "./intern.ts";
import { type Budget, BUDGETS, FAULTS, type Scenario } from "./scenario.ts";

/** An annotation, and what no annotation says: what whoever wrote it had before their eyes, and whether it is forged. */
export interface ModelAction {
  readonly verb: Verb;
  readonly tier: Tier;
  readonly slot: string;
  readonly token: string;
  readonly by: string;
  readonly saw: Sight;
  readonly forged: boolean;
}
export interface Sight {
  readonly record: string;
  readonly specs: string;
  readonly policies: number;
  readonly quarantine: string;
}
export interface ModelDeployment {
  readonly stands: boolean;
  readonly actions: readonly ModelAction[];
}
export interface ModelTargetState {
  readonly spec: number;
  readonly app?: AppState;
}
export interface ModelJob {
  readonly name: string;
  readonly update: number;
  readonly target: number;
  readonly attempt: number;
  readonly held: boolean;
  readonly outcome?: "Passed" | "Failed" | "Inconclusive";
  /** The release that ran on the target when its pods ended, -1 for none. */
  readonly ran?: number;
}
export interface ModelPolicies {
  readonly on: boolean;
  readonly generation: number;
}
/** One reconcile under way: what it has read and heard, and what it still has to do. */
export interface ModelThread {
  readonly view?: View;
  /** What it asked agents: by target the agent's state, -1 for no answer. */
  readonly agents: Readonly<Record<string, number>>;
  readonly orders: Readonly<Record<string, string>>;
  readonly policiesDue: boolean;
  readonly plan?: { readonly decision: number; readonly next: number };
}
export interface View {
  readonly live: boolean;
  readonly proven: boolean;
  readonly deployment: number;
  readonly targets: readonly number[];
  readonly chain: number;
  /** The chains of the other updates with the same artifact. */
  readonly others: readonly number[];
  readonly jobs: number;
}
/** Something that can run on a target: what an update brings, or what was there before all of them. */
export interface Release {
  readonly version: string;
  readonly sha256: string;
}
export interface Delayed {
  readonly update: number;
  readonly effect: number;
}

/** What ran before any of the updates. */
const BEFORE: Release = { version: "0.9.0", sha256: sha("9") };
export const IDLE: ModelThread = { agents: {}, orders: {}, policiesDue: false };
export const HOUR = 3_600_000;

/** All that can be, numbered: a state is a list of these numbers, at the places that `at` says. */
export class World {
  readonly scenario: Scenario;
  readonly deployments = new Intern<ModelDeployment>({ stands: true, actions: [] });
  readonly targets = new Intern<ModelTargetState>({ spec: 0 });
  readonly chains = new Intern<readonly RecordSpec[]>([], (chain) =>
    chain.map((record) => this.#recordId(record)).join(),
  );
  readonly jobs = new Intern<readonly ModelJob[]>([]);
  readonly agents = new Intern<ModelAgent>(agentAt());
  readonly policies = new Intern<ModelPolicies>({ on: true, generation: 1 });
  readonly threads = new Intern<ModelThread>(IDLE);
  readonly delayed = new Intern<Delayed | null>(null);
  readonly effects: Effect[] = [];
  readonly budgets: Intern<readonly number[]>;
  readonly at: Layout;
  readonly initial: readonly number[];
  /** What each update brings, and last what ran before them. */
  readonly releases: readonly Release[];
  readonly #records = new Map<string, number>();
  readonly #spent = new Map<string, number>();

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.releases = [
      ...scenario.updates.map(({ spec }) => ({
        version: spec.version,
        sha256: digestOfUpdate(spec).replace("sha256:", ""),
      })),
      BEFORE,
    ];
    this.budgets = new Intern<readonly number[]>([
      ...BUDGETS.map((name) => scenario.budgets[name] ?? 0),
      scenario.faults,
    ]);
    this.at = layout(scenario.updates.length, scenario.targets.length);
    const state = Array.from({ length: this.at.length }, () => 0);
    scenario.targets.forEach(({ runs }, t) => {
      if (runs === undefined) return;
      state[this.at.agents + t] = this.agents.id(agentAt(runs === "before" ? scenario.updates.length : runs));
      if (runs !== "before") return;
      // Verified long ago, by an update that is through.
      const { version, sha256 } = BEFORE;
      const app = { app: "default", sequence: 1, version, digest: `sha256:${sha256}` };
      const known = this.targets.id({ spec: 0, app });
      state[this.at.truth.targets + t] = known;
      state[this.at.cache.targets + t] = known;
    });
    this.initial = state;
  }

  /** Two updates with one artifact bring the same. */
  releaseOf(update: number): number {
    return this.releaseWith(this.releases[update]?.sha256 ?? "");
  }

  /** The other updates that bring the same. */
  sameArtifact(update: number): readonly number[] {
    return this.scenario.updates.flatMap((_, u) =>
      u !== update && this.releases[u]?.sha256 === this.releases[update]?.sha256 ? [u] : [],
    );
  }

  releaseWith(sha256: string): number {
    return this.releases.findIndex((release) => release.sha256 === sha256);
  }

  now(state: State): number {
    return NOW + num(state, this.at.clock) * HOUR;
  }

  /** With all that people may do and all that may go wrong still to come. */
  renewed(state: State): State {
    return change(state, [this.at.budgets, 0]);
  }

  /** One less in this budget; nothing where it is used up. */
  spend(state: State, budget: Budget): number | undefined {
    const from = num(state, this.at.budgets);
    const known = this.#spent.get(`${from}${budget}`);
    if (known !== undefined) return known === -1 ? undefined : known;
    const next = this.#spend(from, budget);
    this.#spent.set(`${from}${budget}`, next ?? -1);
    return next;
  }

  #spend(from: number, budget: Budget): number | undefined {
    const left = this.budgets.get(from);
    const index = BUDGETS.indexOf(budget);
    const fault = FAULTS.includes(budget);
    const all = BUDGETS.length;
    if ((left[index] ?? 0) === 0 || (fault && (left[all] ?? 0) === 0)) return undefined;
    return this.budgets.id(left.map((n, i) => (i === index || (fault && i === all) ? n - 1 : n)));
  }

  #recordId(record: RecordSpec): number {
    const known = this.#records.get(record.hash);
    if (known !== undefined) return known;
    this.#records.set(record.hash, this.#records.size);
    return this.#records.size - 1;
  }
}

export type State = readonly number[];
export const num = (state: State, index: number): number => state[index] ?? 0;

/** A state with some of its numbers changed. */
export function change(state: State, ...pairs: readonly (readonly [index: number, value: number])[]): State {
  const next = [...state];
  for (const [index, value] of pairs) next[index] = value;
  return next;
}

export type Layout = ReturnType<typeof layout>;

/** Where in a state which number stands: first the truth, then what the operator knows of it, then the operator itself. */
function layout(updates: number, targets: number) {
  let next = 0;
  const take = (count: number): number => (next += count) - count;
  const truth = { deployments: take(updates), targets: take(targets), chains: take(updates), jobs: take(1) };
  const agents = take(targets);
  const policies = take(1);
  const cache = { deployments: take(updates), targets: take(targets), chains: take(updates), jobs: take(1) };
  return {
    truth,
    agents,
    policies,
    cache,
    known: take(1),
    threads: take(updates),
    delayed: take(1),
    clock: take(1),
    budgets: take(1),
    length: next,
  };
}
