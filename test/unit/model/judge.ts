import { actionKey, stampKey } from "../../../src/api/actions.ts";
import type { Deployment } from "../../../src/api/deployment.ts";
import { orderKey } from "../../../src/api/order.ts";
import type { TargetReport } from "../../../src/api/report.ts";
import { decide } from "../../../src/core/decide.ts";
import type { Decision } from "../../../src/core/decision.ts";
import { jobCategories } from "../../../src/core/job.ts";
import type {
  Observed,
  Rival,
  SeenAgent,
  SeenJob,
  SeenOrder,
  SeenPolicies,
  SeenTarget,
} from "../../../src/core/observed.ts";
import { hasBegun, progressOf } from "../../../src/core/progress.ts";
import { newerOnes, rivalOf } from "../../../src/core/queue.ts";
import { currentTier, tierOfTarget } from "../../../src/core/tiers.ts";
import { quarantineOf } from "../../../src/core/token.ts";
import { type ModelAgent, previousOn, runningOn } from "./agent.ts";
import { bare, document, runs } from "../fixtures.ts";
import { MAIN } from "../../../src/api/layer.ts";
import type { Mainframe } from "../../../src/api/mainframe.ts";
import type { Server } from "../../../src/api/server.ts";
import { type ModelJob, type ModelThread, num, type State, type View, type World } from "./world.ts";

const AT = "2030-01-01T00:00:00.000Z";
const OFF: SeenPolicies = { state: "NotInForce", reason: "Missing", message: "the policies are missing" };

/** Asks the real judgement about what one reconcile sees. It is pure, so the same question is asked once. */
export class Judge {
  readonly #world: World;
  readonly #known = new Map<string, number>();
  readonly decisions: Decision[] = [];
  asked = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** What the caches say now. */
  cached(state: State, update: number): View {
    const { cache } = this.#world.at;
    return { live: false, proven: false, ...this.#read(state, update, cache) };
  }

  live(state: State, update: number): View {
    return { live: true, proven: false, ...this.#read(state, update, this.#world.at.truth) };
  }

  #read(state: State, update: number, at: { deployments: number; targets: number; chains: number; jobs: number }) {
    return {
      deployment: num(state, at.deployments + update),
      targets: this.#world.scenario.targets.map((_, t) => num(state, at.targets + t)),
      chain: num(state, at.chains + update),
      others: this.#world.sameArtifact(update).map((u) => num(state, at.chains + u)),
      jobs: num(state, at.jobs),
    };
  }

  /** The number of the decision. */
  decide(state: State, update: number, thread: ModelThread, threadId = this.#world.threads.id(thread)): number {
    const { at, scenario } = this.#world;
    // The other chains as the store has them: from them the shell learns how far the holder of a claim is.
    let key = `${update},${threadId},${num(state, at.known)},${num(state, at.clock)}`;
    for (let u = 0; u < scenario.updates.length; u += 1)
      key += `,${num(state, at.cache.chains + u)},${this.#stands(state, u) ? 1 : 0}`;
    if (thread.view === undefined) {
      key += `;${num(state, at.cache.deployments + update)},${num(state, at.cache.jobs)}`;
      for (let t = 0; t < scenario.targets.length; t += 1) key += `,${num(state, at.cache.targets + t)}`;
    }
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.asked += 1;
    const id = this.decisions.length;
    this.decisions.push(decide(this.observed(state, update, thread), this.#world.now(state)));
    this.#known.set(key, id);
    return id;
  }

  decision(id: number): Decision {
    const found = this.decisions[id];
    if (found === undefined) throw new Error(`no decision ${id}`);
    return found;
  }

  observed(state: State, update: number, thread: ModelThread, status?: Deployment["status"]): Observed {
    const view = thread.view ?? this.cached(state, update);
    const { scenario, chains, jobs } = this.#world;
    const deployment = this.deployment(update, view.deployment);
    const targets = scenario.targets.map((_, t) => this.#seeTarget(state, update, thread, view, t));
    return {
      live: view.live,
      proven: view.proven,
      deployment: status === undefined ? deployment : { ...deployment, status },
      records: chains.get(view.chain),
      others: view.others.flatMap((chain) => chains.get(chain)),
      targets,
      rivals: this.#rivals(state, update, targets),
      jobs: jobs.get(view.jobs).flatMap((job) => (job.update === update ? [this.#seeJob(job)] : [])),
      policies: this.policies(num(state, this.#world.at.known) - 1),
      settings: scenario.settings,
    };
  }

  #stands(state: State, update: number): boolean {
    return this.#world.deployments.get(num(state, this.#world.at.cache.deployments + update)).stands;
  }

  #rivals(state: State, update: number, targets: readonly SeenTarget[]): readonly Rival[] {
    const { scenario, chains, at } = this.#world;
    const chainOf = (u: number) => chains.get(num(state, at.cache.chains + u));
    return scenario.updates.flatMap((deployment, u): Rival[] => {
      const rival = u === update || !this.#stands(state, u) ? undefined : rivalOf(chainOf(u), targets);
      if (rival === undefined) return [];
      const others = this.#world.sameArtifact(u).flatMap(chainOf);
      return [{ ...rival, quarantined: quarantineOf({ deployment, others }) !== undefined }];
    });
  }

  /** The updates that would supersede this one: they are read with it, where it has not begun its tier. */
  newerThan(state: State, update: number, view: View): readonly number[] {
    const { scenario, chains } = this.#world;
    const deployment = scenario.updates[update];
    const targets = view.targets.map((id, t): SeenTarget => ({
      target: this.target(t, id),
      agent: { state: "NotAsked" },
      orders: {},
    }));
    const progress = progressOf(chains.get(view.chain));
    const tier = currentTier(progress, targets);
    if (deployment === undefined || tier === undefined || hasBegun(progress.tiers[tier])) return [];
    const newer = newerOnes(deployment.spec, tier, this.#rivals(state, update, targets));
    return newer.map(({ uid }) => scenario.updates.findIndex(({ metadata }) => metadata.uid === uid));
  }

  policies(id: number): SeenPolicies {
    if (id < 0) return { state: "NotAsked" };
    const { on, generation } = this.#world.policies.get(id);
    return on ? { state: "InForce", identity: { generation }, stamps: "ApiServer" } : OFF;
  }

  deployment(update: number, id: number): Deployment {
    const base = this.#world.scenario.updates[update];
    if (base === undefined) throw new Error(`no update ${update}`);
    const annotations = this.#world.deployments.get(id).actions.flatMap(({ verb, tier, slot, token, by }) => [
      [actionKey(verb, tier, slot), token],
      [stampKey(verb, tier, slot), by],
    ]);
    return {
      ...base,
      metadata: { ...base.metadata, resourceVersion: String(id), annotations: Object.fromEntries(annotations) },
    };
  }

  target(t: number, id: number): Server | Mainframe {
    const { spec, app } = this.#world.targets.get(id);
    const base = this.#world.scenario.targets[t]?.specs[spec];
    if (base === undefined) throw new Error(`no target ${t}`);
    return {
      ...base,
      metadata: { ...base.metadata, resourceVersion: String(id) },
      status: app === undefined ? {} : { apps: [app] },
    };
  }

  #seeTarget(state: State, update: number, thread: ModelThread, view: View, t: number): SeenTarget {
    const target = this.target(t, view.targets[t] ?? 0);
    const { uid } = target.metadata;
    const { scenario, chains, at } = this.#world;
    const claim = target.status.apps?.[0]?.claim;
    const holder = scenario.updates.findIndex((one) => one.metadata.uid === claim?.uid);
    const held =
      holder === -1 || holder === update
        ? undefined
        : progressOf(chains.get(num(state, at.cache.chains + holder))).tiers[tierOfTarget(target)].targets.get(uid)
            ?.state;
    const licence = scenario.targets[t]?.licence;
    return {
      target,
      agent: this.#seeAgent(target, thread.agents[t]),
      orders: Object.fromEntries(
        Object.entries(thread.orders).flatMap(([key, said]) =>
          key.startsWith(`${uid}.`) ? [[key, seeOrder(key, said)]] : [],
        ),
      ),
      ...(licence && { licence }),
      ...(held && { holder: held }),
    };
  }

  #seeAgent(target: Server | Mainframe, heard: number | undefined): SeenAgent {
    if (heard === undefined) return { state: "NotAsked" };
    if (heard < 0) return { state: "NotAnswered", reason: "Unreachable", message: "connection refused" };
    return { state: "Answered", status: this.status(target, this.#world.agents.get(heard)) };
  }

  /** What an agent says of itself. */
  status(target: Server | Mainframe, agent: ModelAgent): TargetReport {
    const last = agent.orders.at(-1);
    const seen =
      last === undefined
        ? []
        : [
            {
              app: "default",
              layer: MAIN,
              sequence: last.sequence,
              key: keyOf(target.metadata.uid, last.sequence),
              state: last.state,
            },
          ];
    const order = runningOn(agent);
    const release = this.#world.releases[order?.release ?? -1];
    if (order === undefined || release === undefined) return { ...bare(), seen };
    const before = this.#world.releases[previousOn(agent)?.release ?? -1];
    const previous = before && { version: before.version, digest: before.sha256 };
    return {
      ...runs(target, release.version, release.sha256, { sequence: order.sequence, ...(previous && { previous }) }),
      seen,
    };
  }

  #seeJob({ name, target, attempt, held, outcome }: ModelJob): SeenJob {
    const object = this.target(target, 0);
    return {
      name,
      targetUid: object.metadata.uid,
      attempt,
      held,
      deleting: false,
      ...(outcome && { finished: "Complete" as const }),
      pods: jobCategories(object).map((category, index) => ({
        index,
        phase: outcome ? "Succeeded" : "Running",
        createdAt: AT,
        ...(outcome && { terminated: { exitCode: 0, reason: "Completed", message: document(category, outcome) } }),
      })),
    };
  }
}

/** What an agent said about an order, in the word by which the model remembers it. */
function seeOrder(key: string, said: string): SeenOrder {
  switch (said) {
    case "NotFound":
      return { state: "NotFound" };
    case "NotAnswered":
      return { state: "NotAnswered", reason: "Unreachable", message: "connection refused" };
    case "Accepted":
      return { state: "Reported", report: report(key, "Accepted", 0) };
    case "Applied":
      return { state: "Reported", report: report(key, "Applied", 1) };
    default: {
      const [state, reason = ""] = said.split(" ");
      return state === "Failed"
        ? { state: "Reported", report: report(key, "Failed", reason === "HookFailed" ? 1 : 0, reason) }
        : { state: "Refused", reason: said, message: `refused as ${said}` };
    }
  }
}

const report = (key: string, state: "Accepted" | "Applied" | "Failed", activations: number, reason = "Done") =>
  ({ key, state, reason, message: "so it is", activations, at: AT }) as const;

export const keyOf = (uid: string, sequence: number): string =>
  orderKey({ targetUid: uid, app: "default", layer: MAIN, sequence });
