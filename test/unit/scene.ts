import { isDeepStrictEqual } from "node:util";
import { actionKey, stampKey } from "../../src/api/actions.ts";
import { CATEGORIES } from "../../src/api/categories.ts";
import type { CheckDocument } from "../../src/api/check-run.ts";
import { type Deployment, DeploymentStatus } from "../../src/api/deployment.ts";
import type { Tier, Verb } from "../../src/api/group.ts";
import type { Mainframe } from "../../src/api/mainframe.ts";
import { layerOf, digestOfUpdate, MAIN } from "../../src/api/layer.ts";
import { orderKey, parseOrderKey } from "../../src/api/order.ts";
import type { TargetReport } from "../../src/api/report.ts";
import { RecordSpec, verifyChain } from "../../src/api/record.ts";
import { digestOf } from "../../src/api/artifact.ts";
import type { Server } from "../../src/api/server.ts";
import { decide } from "../../src/core/decide.ts";
import type { Decision, Effect, RestoredRelease } from "../../src/core/decision.ts";
import { jobCategories, jobName } from "../../src/core/job.ts";
import { MOVES } from "../../src/core/moves.ts";
import type {
  Observed,
  Rival,
  SeenAgent,
  SeenJob,
  SeenLicence,
  SeenOrder,
  SeenPolicies,
  SeenTarget,
} from "../../src/core/observed.ts";
import { SETTINGS } from "../../src/core/observed.ts";
import { bare, document, IN_FORCE, NOW, podThatWrote, runs } from "./fixtures.ts";
import { kstatusFaults } from "./kstatus.ts";

type Target = Server | Mainframe;
type Rest = Extract<Decision, { kind: "rest" }>;

/** One update in a small world that does at once what the judgement asks for; every record and status of it is checked. */
export class Scene {
  now = NOW;
  deployment: Deployment;
  readonly targets = new Map<string, Target>();
  records: readonly RecordSpec[] = [];
  others: readonly RecordSpec[] = [];
  rivals: readonly Rival[] = [];
  jobs: readonly SeenJob[] = [];
  policies: SeenPolicies = IN_FORCE;
  settings = SETTINGS;
  /** Every effect, in the order in which it was done. */
  readonly done: Effect[] = [];
  /** By target name. */
  readonly agents = new Map<string, SeenAgent>();
  readonly licences = new Map<string, SeenLicence>();
  readonly holders = new Map<string, NonNullable<SeenTarget["holder"]>>();
  readonly orders = new Map<string, SeenOrder>();
  /** What becomes of an order; by default the agent applies it at once. */
  onOrder: (target: Target, key: string) => SeenOrder = (target, key) => this.applied(target, key);
  /** What becomes of a restore; by default the agent does it at once. */
  onRestore: (target: Target, key: string, release: RestoredRelease) => SeenOrder = (target, key, release) =>
    this.restored(target, key, release);
  /** Called before each effect; what it throws is a crash. */
  beforeEffect: (effect: Effect) => void = () => undefined;

  constructor(deployment: Deployment, ...targets: readonly Target[]) {
    this.deployment = deployment;
    for (const target of targets) this.add(target);
  }

  add(target: Target): void {
    const { name } = target.metadata;
    this.targets.set(name, target);
    if (!this.agents.has(name)) this.agents.set(name, { state: "Answered", status: bare() });
    if (target.kind === "Mainframe" && !this.licences.has(name))
      this.licences.set(name, { valid: true, holder: "Example Ltd" });
  }

  target(name: string): Target {
    const found = this.targets.get(name);
    if (found === undefined) throw new Error(`no target ${name} in this scene`);
    return found;
  }

  says(name: string, status: TargetReport): void {
    this.agents.set(name, { state: "Answered", status });
  }

  /** The agent switches to the update of this scene. */
  applied(target: Target, key: string): SeenOrder {
    const { layer: name = MAIN } = parseOrderKey(key) ?? {};
    const { version, artifact } = layerOf(this.deployment, name);
    this.#switched(target, key, { version, digest: digestOf(artifact) }, true);
    return reported(key, "Applied");
  }

  /** The agent switches back to what it is told to. */
  restored(target: Target, key: string, { version, digest }: RestoredRelease): SeenOrder {
    this.#switched(target, key, { version, digest }, false);
    return reported(key, "Applied");
  }

  /** One layer of a target runs something else from now on; the others stay as they are. */
  #switched(
    target: Target,
    key: string,
    to: { readonly version: string; readonly digest: string },
    keepsPrevious: boolean,
  ): void {
    const { layer = MAIN, sequence = 0 } = parseOrderKey(key) ?? {};
    const agent = this.agents.get(target.metadata.name);
    const before = agent?.state === "Answered" ? agent.status : bare();
    const previous = keepsPrevious ? before.apps.find((item) => item.layer === layer) : undefined;
    const now = runs(target, to.version, to.digest, { layer, sequence, ...(previous && { previous }) });
    const others = <T extends { readonly layer: string }>(items: readonly T[]): readonly T[] =>
      items.filter((item) => item.layer !== layer);
    this.says(target.metadata.name, {
      ...now,
      apps: [...others(before.apps), ...now.apps],
      seen: [...others(before.seen), ...now.seen],
    });
  }

  observed(heard: Heard = ALL_HEARD, live = true): Observed {
    const orders = Map.groupBy(heard.orders, ([key]) => key.slice(0, key.indexOf(".")));
    return {
      live,
      proven: live,
      deployment: this.deployment,
      records: this.records,
      others: this.others,
      targets: [...this.targets.values()].map((target): SeenTarget => {
        const { name, uid } = target.metadata;
        const licence = this.licences.get(name);
        const holder = this.holders.get(name);
        return {
          target,
          agent:
            heard === ALL_HEARD || heard.agents.has(uid)
              ? (this.agents.get(name) ?? { state: "NotAsked" })
              : { state: "NotAsked" },
          orders: Object.fromEntries(orders.get(uid) ?? []),
          ...(licence && { licence }),
          ...(holder && { holder }),
        };
      }),
      rivals: this.rivals,
      jobs: this.jobs,
      policies: this.policies,
      settings: this.settings,
    };
  }

  /** Reconciles until the judgement rests, and writes the status. */
  run(): Rest {
    const heard: Heard = { agents: new Set(), orders: new Map() };
    let live = false;
    for (let round = 0; round < 200; round += 1) {
      const decision = decide(this.observed(heard, live), this.now);
      if (decision.kind === "rest") return this.#rest(decision, heard);
      if (decision.kind === "act") {
        if (!live) throw new Error("an effect without a consistent read");
        for (const effect of decision.effects) this.#act(effect, heard);
        live = false;
        continue;
      }
      const { agents, orders } = decision.look;
      if (!decision.look.live && !decision.look.policies && agents.length === 0 && orders.length === 0)
        throw new Error("a look at nothing");
      live ||= decision.look.live;
      for (const uid of agents) heard.agents.add(uid);
      for (const { key } of orders) heard.orders.set(key, this.orders.get(key) ?? { state: "NotFound" });
    }
    throw new Error("the judgement goes in circles");
  }

  #rest(decision: Rest, heard: Heard): Rest {
    const faults = kstatusFaults(decision.status);
    if (faults.length > 0) throw new Error(faults.join("; "));
    DeploymentStatus.parse(decision.status);
    this.deployment = { ...this.deployment, status: decision.status };
    const again = decide(this.observed(heard, false), this.now + 60_000);
    if (
      again.kind === "rest" &&
      (again.event !== undefined || again.warnings !== undefined || !isDeepStrictEqual(again.status, decision.status))
    )
      throw new Error(
        `a status that does not stay: ${JSON.stringify(decision.status)} becomes ${JSON.stringify(again.status)}`,
      );
    return decision;
  }

  #act(effect: Effect, heard: Heard): void {
    this.beforeEffect(effect);
    this.done.push(effect);
    switch (effect.do) {
      case "claim":
      case "release": {
        const target = this.target(effect.target.metadata.name);
        const apps = [...(target.status.apps ?? []).filter(({ app }) => app !== effect.app.app), effect.app];
        this.targets.set(target.metadata.name, { ...target, status: { ...target.status, apps } });
        heard.agents.delete(target.metadata.uid);
        return;
      }
      case "record": {
        RecordSpec.parse(effect.record);
        const { from = "", to } = effect.record;
        if (!MOVES.some((move) => move.from === from && move.to === to))
          throw new Error(`no legal move from ${from} to ${to}`);
        this.records = [...this.records, effect.record];
        const broken = verifyChain(this.records);
        if (broken.length > 0) throw new Error(broken.join("; "));
        return;
      }
      case "deliver": {
        const key = orderKey(effect.order);
        const answer = this.orders.get(key) ?? this.onOrder(effect.target, key);
        this.orders.set(key, answer);
        heard.orders.set(key, answer);
        return;
      }
      case "restore": {
        const key = orderKey(effect.order);
        const answer = this.orders.get(key) ?? this.onRestore(effect.target, key, effect.release);
        this.orders.set(key, answer);
        heard.orders.set(key, answer);
        heard.agents.delete(effect.target.metadata.uid);
        return;
      }
      case "startJob": {
        const name = jobName(this.deployment, effect.target, effect.attempt);
        this.jobs = [
          ...this.jobs,
          {
            name,
            targetUid: effect.target.metadata.uid,
            attempt: effect.attempt,
            held: true,
            deleting: false,
            pods: [],
          },
        ];
        return;
      }
      case "releaseJob":
        this.jobs = this.jobs.flatMap((job) =>
          job.name !== effect.name ? [job] : effect.remove ? [] : [{ ...job, held: false }],
        );
        return;
      default:
        throw new Error(`no such effect: ${JSON.stringify(effect satisfies never)}`);
    }
  }

  /** The running Job of a target becomes what this makes of it. */
  job(target: string, change: (job: SeenJob) => SeenJob): void {
    const { uid } = this.target(target).metadata;
    const running = this.jobs.findLast((job) => job.targetUid === uid);
    if (running === undefined) throw new Error(`no Job runs for ${target}`);
    this.jobs = this.jobs.map((job) => (job === running ? change(job) : job));
  }

  /** The running Job of a target writes its documents, all with this verdict, and completes. */
  verdict(target: string, verdict: CheckDocument["verdict"], baseline?: CheckDocument["baseline"]): void {
    const pods = jobCategories(this.target(target)).map((category, index) =>
      podThatWrote(index, document(category, verdict, category === CATEGORIES[4] ? baseline : undefined)),
    );
    this.job(target, (job) => ({ ...job, finished: "Complete", pods }));
  }

  annotate(annotations: Readonly<Record<string, string>>): void {
    const { metadata } = this.deployment;
    const resourceVersion = String(Number(metadata.resourceVersion) + 1);
    this.deployment = {
      ...this.deployment,
      metadata: { ...metadata, resourceVersion, annotations: { ...metadata.annotations, ...annotations } },
    };
  }

  /** Somebody acts with the token the status shows, and the API server stamps it. */
  act(verb: Verb, tier: Tier, by: string, { slot = "", token = this.token(), reason = "" } = {}): void {
    this.annotate({ [actionKey(verb, tier, slot)]: `${token} ${reason}`.trim(), [stampKey(verb, tier, slot)]: by });
  }

  withdraw(verb: Verb, tier: Tier, slot = ""): void {
    const annotations = Object.fromEntries(
      Object.entries(this.deployment.metadata.annotations).filter(
        ([key]) => key !== actionKey(verb, tier, slot) && key !== stampKey(verb, tier, slot),
      ),
    );
    this.deployment = { ...this.deployment, metadata: { ...this.deployment.metadata, annotations } };
  }

  /** The token of the gate that waits for a person, else that of the tier. */
  token(): string {
    const { blockedBy = [], token } = this.deployment.status;
    return blockedBy.find((gate) => gate.token !== undefined)?.token ?? token?.value ?? "";
  }

  /** Runs, and every verification passes, until nothing is verified any more. */
  runPassing(): Rest {
    for (;;) {
      const rest = this.run();
      const open = this.jobs.filter((job) => job.finished === undefined);
      if (open.length === 0) return rest;
      for (const job of open) {
        const name =
          [...this.targets.values()].find((target) => target.metadata.uid === job.targetUid)?.metadata.name ?? "";
        this.verdict(name, "Passed");
      }
    }
  }

  moves(): readonly string[] {
    return this.records.map(({ from = "", to }) => `${from} -> ${to}`);
  }

  last(): RecordSpec {
    const head = this.records.at(-1);
    if (head === undefined) throw new Error("this update has no record");
    return head;
  }

  digest(): string {
    return digestOfUpdate(this.deployment.spec);
  }
}

export const reported = (key: string, state: "Applied" | "Failed", reason = state as string): SeenOrder => ({
  state: "Reported",
  report: { key, state, reason, message: `it is ${reason}`, activations: 1, at: "2030-01-01T00:00:00.000Z" },
});

interface Heard {
  readonly agents: Set<string>;
  readonly orders: Map<string, SeenOrder>;
}

const ALL_HEARD: Heard = { agents: new Set(), orders: new Map() };
