import { isDeepStrictEqual } from "node:util";
import { type Tier, TIERS } from "../../../src/api/group.ts";
import type { AppState } from "../../../src/api/target.ts";
import { MOVES } from "../../../src/core/moves.ts";
import { decide } from "../../../src/core/decide.ts";
import type { Decision } from "../../../src/core/decision.ts";
import { DeploymentStatus } from "../../../src/api/deployment.ts";
import { compareVersions } from "../../../src/api/version.ts";
import { RecordSpec, verifyChain } from "../../../src/api/record.ts";
import { requiredApprovals } from "../../../src/api/server.ts";
import { kstatusFaults } from "../kstatus.ts";
import { type ModelAgent, type ModelOrder, type NewOrder, releaseOn, runningOn } from "./agent.ts";
import { BackRules } from "./back-rules.ts";
import { BUDGETS } from "./scenario.ts";
import type { Judge } from "./judge.ts";
import { Violation } from "./violation.ts";
import { IDLE, type ModelAction, num, type State, type View, type World } from "./world.ts";

/** Somebody asked for it back, or a server was put back; a mainframe speaks for itself only. */
const isReversal = ({ to, targets }: RecordSpec): boolean =>
  to === "RollingBack" && (targets === undefined || targets.some(({ kind }) => kind === "Server"));

/** Gates that only a person opens, or another update that waits for one. */
const FOR_SOMEBODY = ["approvals", "policies", "held", "licence", "claim", "gone", "references"];

/** What must be true whatever happens, said without the help of the judgement it judges. */
export class Rules {
  readonly #world: World;
  readonly #judge: Judge;
  readonly #chains = new Set<number>();
  readonly #rests = new Set<Decision>();
  readonly #back: BackRules;

  constructor(world: World, judge: Judge) {
    this.#world = world;
    this.#judge = judge;
    this.#back = new BackRules(world);
  }

  /** When a record is about to be sent, with what the operator had read. */
  record(state: State, update: number, view: View, record: RecordSpec): void {
    if (!view.live) throw new Violation(`a record to ${record.to} rests on a cache`);
    if (!MOVES.some(({ from, to }) => from === (record.from ?? "") && to === record.to))
      throw new Violation(`no legal move from ${record.from} to ${record.to}`);
    const chain = this.#world.chains.get(view.chain);
    for (const { uid, name } of record.targets ?? []) {
      const last = chain.findLast(
        (one) => one.tier === record.tier && one.targets?.some((target) => target.uid === uid),
      );
      if ((last?.to ?? "Waiting") !== record.from)
        throw new Violation(`${name} is moved from ${record.from}, and it is ${last?.to ?? "Waiting"}`);
    }
    if (chain.some(isReversal) && (record.from === "Waiting" || record.to === "Delivering"))
      throw new Violation(`${record.from} -> ${record.to}: it goes forward after it was taken back`);
    if (record.to === "Delivering") this.#delivering(state, update, view, record);
    if (record.to === "RollingBack") this.#back.begins(state, update, view, record);
    if (record.to === "RolledBack") this.#back.isBack(state, update, record);
    if (record.to === "Passed") this.#passed(update, view, record);
  }

  #delivering(state: State, update: number, view: View, record: RecordSpec): void {
    const { scenario, chains, targets } = this.#world;
    const uid = scenario.updates[update]?.metadata.uid;
    const before = record.tier === "omega" ? ["public"] : record.tier === "mainframes" ? ["public", "omega"] : [];
    for (const tier of before)
      if (!chains.get(view.chain).some((one) => one.tier === tier && one.completes === true))
        throw new Violation(`${record.tier} begins before ${tier} has passed`);
    for (const moved of record.targets ?? []) {
      const t = scenario.targets.findIndex(({ specs }) => specs[0].metadata.uid === moved.uid);
      const { app, spec } = targets.get(view.targets[t] ?? 0);
      if (app?.claim?.uid !== uid || app?.sequence !== moved.sequence)
        throw new Violation(`${moved.name} is delivered to without its claim`);
      const target = scenario.targets[t]?.specs[spec];
      if (target?.kind === "Mainframe" && scenario.targets[t]?.licence?.valid !== true)
        throw new Violation(`${moved.name} is delivered to without a licence`);
      const own = target?.kind === "Server" ? requiredApprovals(target.spec) : 0;
      const required = this.#quarantine(view) === "" ? own : Math.max(own, 1);
      const standing = new Set(this.#eligible(state, view, update, record.tier).map(({ by }) => by));
      if (standing.size < required)
        throw new Violation(`${moved.name} needs ${required} people, and ${standing.size} stand at the read`);
      const named = new Set((record.approvals ?? []).map(({ user }) => user));
      if (named.size < required || (required > 0 && [...named].some((user) => !standing.has(user))))
        throw new Violation(`the record names ${[...named].join()}, and ${[...standing].join()} stand`);
    }
  }

  /** The approvals of a tier that stand in this view and were given by people who saw exactly what stands now. */
  #eligible(state: State, view: View, update: number, tier: Tier | undefined): readonly ModelAction[] {
    const { deployments, policies, at } = this.#world;
    const known = num(state, at.known) - 1;
    if (known < 0 || tier === undefined || !policies.get(known).on) return [];
    const saw = this.saw(view, policies.get(known).generation, update, tier);
    return deployments
      .get(view.deployment)
      .actions.filter(
        (action) =>
          action.verb === "approve" && action.tier === tier && !action.forged && isDeepStrictEqual(action.saw, saw),
      );
  }

  /** What somebody who approves a tier has before their eyes. */
  saw(view: View, policies: number, update: number, tier: Tier): ModelAction["saw"] {
    const { chains, scenario } = this.#world;
    const chain = chains.get(view.chain);
    const before = TIERS.slice(0, TIERS.indexOf(tier));
    const record =
      chain.findLast((one) => one.completes === true && before.some((other) => other === one.tier)) ?? chain[0];
    const specs = scenario.targets.flatMap(({ specs }, t) =>
      specs[0].kind === "Server" && specs[0].spec.tier.toLowerCase() === tier
        ? [this.#world.targets.get(view.targets[t] ?? 0).spec]
        : [],
    );
    return {
      record: record?.hash ?? String(update),
      specs: specs.join(),
      policies,
      quarantine: this.#quarantine(view),
    };
  }

  /** The newest record by which this artifact was taken back before; of two at the same moment that with the higher hash. */
  #quarantine(view: View): string {
    const found = view.others
      .flatMap((chain) => this.#world.chains.get(chain))
      .filter(({ to }) => to === "Cancelled" || to === "RollingBack" || to === "RolledBack")
      .map(({ time, hash }) => `${time} ${hash}`);
    return found.toSorted().at(-1) ?? "";
  }

  #passed(update: number, view: View, record: RecordSpec): void {
    const { jobs, scenario } = this.#world;
    for (const moved of record.targets ?? []) {
      const t = scenario.targets.findIndex(({ specs }) => specs[0].metadata.uid === moved.uid);
      if (scenario.targets[t]?.specs[0].spec.url === undefined) continue;
      const job = jobs
        .get(view.jobs)
        .find((one) => one.update === update && one.target === t && one.attempt === moved.attempt);
      if (job?.outcome !== "Passed") throw new Violation(`${moved.name} passes without a Job that passed`);
      if (job.ran !== this.#world.releaseOf(update))
        throw new Violation(`${moved.name} passes by a Job that looked at something else`);
    }
  }

  /** When a chain has become longer. */
  chain(id: number): void {
    if (this.#chains.has(id)) return;
    this.#chains.add(id);
    const records = this.#world.chains.get(id);
    const broken = verifyChain(records);
    if (broken.length > 0) throw new Violation(broken.join("; "));
    const head = records.at(-1);
    if (head !== undefined) RecordSpec.parse(head);
  }

  /** When a claim is about to take the place of another. */
  claim(state: State, update: number, target: number, before: string | undefined): void {
    const { scenario, chains, at } = this.#world;
    const holder = scenario.updates.findIndex(({ metadata }) => metadata.uid === before);
    if (holder === -1 || holder === update) return;
    const uid = scenario.targets[target]?.specs[0].metadata.uid;
    const chain = chains.get(num(state, at.truth.chains + holder));
    const last = chain.findLast((one) => one.targets?.some((moved) => moved.uid === uid))?.to;
    // Verifying: somebody asked for it in the moment in which the other one read that it is held.
    if (last !== "Held" && last !== "Verifying")
      throw new Violation(`the claim of an update that is ${last ?? "Waiting"} there is taken`);
  }

  /** When the state of an app on a target is about to be written. */
  written(target: number, before: AppState | undefined, next: AppState): void {
    if (next.sequence < (before?.sequence ?? 0))
      throw new Violation(`on target ${target} sequence ${before?.sequence} becomes ${next.sequence}`);
  }

  /** When an agent takes an order, or is sent one whose key it knows. */
  accepted(state: State, target: number, order: NewOrder, known: NewOrder | undefined): void {
    const { scenario, chains, at } = this.#world;
    const { update, sequence, action, release } = order;
    const uid = scenario.targets[target]?.specs[0].metadata.uid;
    const chain = chains.get(num(state, at.truth.chains + update));
    const to = action === "deliver" ? "Delivering" : "RollingBack";
    const named = chain.some(
      (one) => one.to === to && one.targets?.some((moved) => moved.uid === uid && moved.sequence === sequence),
    );
    if (!named) throw new Violation(`an order to ${action} with sequence ${sequence} is taken, and no record names it`);
    // What a restore puts back is what is kept when it is sent: where that changed, the agent refuses the second.
    const differs = action === "deliver" && known?.release !== release;
    if (known !== undefined && (known.update !== update || known.action !== action || differs))
      throw new Violation(`sequence ${sequence} is used for two orders`);
  }

  /** When an agent is about to switch. */
  activated(state: State, target: number, before: ModelAgent, order: ModelOrder): void {
    if (order.action === "restore") this.#back.switched(state, target, order);
    else this.#delivered(state, target, before, order);
  }

  #delivered(state: State, target: number, before: ModelAgent, { update }: ModelOrder): void {
    const { at, deployments, budgets, chains, releases, scenario } = this.#world;
    const { budgets: allowed } = scenario;
    if (before.orders.some((one) => one.update === update && one.action === "deliver" && one.switched))
      throw new Violation("one update is switched to twice");
    const uid = scenario.targets[target]?.specs[0].metadata.uid;
    const chain = chains.get(num(state, at.truth.chains + update));
    if (chain.some((one) => one.to === "RolledBack" && one.targets?.some((moved) => moved.uid === uid)))
      throw new Violation("it is delivered after it was put back");
    const owner = runningOn(before)?.update ?? -1;
    const running = releases[releaseOn(before)]?.version;
    const next = releases[this.#world.releaseOf(update)]?.version ?? "";
    // An order that the network held back until its update was deleted and another had claimed: no order says "not below".
    const gone = owner >= 0 && !deployments.get(num(state, at.truth.deployments + owner)).stands;
    const delayed = (budgets.get(num(state, at.budgets))[BUDGETS.indexOf("delay")] ?? 0) < (allowed.delay ?? 0);
    if (gone && delayed) return;
    if (running !== undefined && compareVersions(running, next) > 0)
      throw new Violation(`${running} is replaced by ${next}, which is older`);
  }

  /** When nothing happens any more unless somebody does something. */
  rest(state: State, update: number, rest: Extract<Decision, { kind: "rest" }> | undefined): void {
    const { at, deployments, scenario, targets, chains, jobs } = this.#world;
    const uid = scenario.updates[update]?.metadata.uid;
    const stands = deployments.get(num(state, at.truth.deployments + update)).stands;
    const phase = rest?.status.phase ?? "gone";
    const ended = ["Completed", "Cancelled", "Superseded", "Refused", "RolledBack"].includes(phase);
    if (phase === "RolledBack") this.#back.rests(state, update);
    if (stands && !ended && rest !== undefined) {
      const gates = rest.status.blockedBy ?? [];
      if (gates.length === 0) throw new Violation(`it rests as ${phase} and nothing blocks it: ${rest.status.message}`);
      const odd = gates.find(({ gate }) => !FOR_SOMEBODY.includes(gate));
      if (odd !== undefined) throw new Violation(`it rests behind ${odd.gate}: ${odd.message}`);
    }
    if (
      !stands &&
      chains.get(num(state, at.truth.chains + update)).at(-1)?.to !== "Deleted" &&
      num(state, at.truth.chains + update) !== 0
    )
      throw new Violation("its Deployment is gone, and its chain does not say so");
    if (stands && phase === "Held") return;
    scenario.targets.forEach((_, t) => {
      if (targets.get(num(state, at.truth.targets + t)).app?.claim?.uid === uid)
        throw new Violation(`it rests as ${phase} and keeps a claim`);
    });
    if (ended || !stands)
      for (const job of jobs.get(num(state, at.truth.jobs)))
        if (job.update === update && job.held) throw new Violation("it is over, and a Job is held for it");
  }

  /** A status stays as it is, and says to kstatus what is meant. */
  silent(
    state: State,
    update: number,
    rest: Extract<Decision, { kind: "rest" }>,
    heard: Parameters<Judge["observed"]>[2],
  ): void {
    if (this.#rests.has(rest)) return;
    this.#rests.add(rest);
    DeploymentStatus.parse(rest.status);
    const faults = kstatusFaults(rest.status);
    if (faults.length > 0) throw new Violation(faults.join("; "));
    const observed = this.#judge.observed(state, update, heard ?? IDLE, rest.status);
    for (const later of [0, 60_000, 600_000, 7_200_000]) {
      const again = decide(observed, this.#world.now(state) + later);
      if (again.kind !== "rest" && (rest.wakeAt ?? Number.POSITIVE_INFINITY) > this.#world.now(state) + later)
        throw new Violation(`${later / 60_000} minutes later it would go on, and nothing wakes it`);
      if (again.kind === "rest" && (again.event !== undefined || !isDeepStrictEqual(again.status, rest.status)))
        throw new Violation(
          `the status does not stay: ${JSON.stringify(rest.status)} becomes ${JSON.stringify(again.status)}`,
        );
    }
  }
}
