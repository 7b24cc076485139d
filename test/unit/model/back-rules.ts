import type { RecordSpec } from "../../../src/api/record.ts";
import type { State as StepState } from "../../../src/api/states.ts";
import { tokenOfRecorded } from "../../../src/core/token.ts";
import { type ModelOrder, releaseOn } from "./agent.ts";
import { Violation } from "./violation.ts";
import { num, type State, type View, type World } from "./world.ts";

const WRITTEN_FAILURES = ["VerificationFailed", "HookFailed", "HealthFailed"];
const TAKEN: readonly (StepState | undefined)[] = ["Delivering", "Verifying", "Held", "Passed", "RollingBack"];

/** What must be true of all that is taken back, said without the help of the judgement it judges. */
export class BackRules {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** When something is about to be taken back: somebody asked, or what failed says so itself. */
  begins(state: State, update: number, view: View, record: RecordSpec): void {
    const chain = this.#world.chains.get(view.chain);
    if (record.targets === undefined) return this.#asked(state, update, view, chain, record);
    for (const moved of record.targets) {
      const t = this.#world.scenario.targets.findIndex(({ specs }) => specs[0].metadata.uid === moved.uid);
      const { app } = this.#world.targets.get(view.targets[t] ?? 0);
      if (app?.claim?.uid !== this.#world.scenario.updates[update]?.metadata.uid || app?.sequence !== moved.sequence)
        throw new Violation(`${moved.name} is put back without its claim`);
      const before = chain.findLast((one) => one.targets?.some(({ uid }) => uid === moved.uid));
      const last = before?.targets?.find(({ uid }) => uid === moved.uid)?.sequence ?? 0;
      if ((moved.sequence ?? 0) <= last) throw new Violation(`${moved.name} is put back under a sequence used before`);
      if (record.reason === "RestoreOnFailure") this.#byItself(state, t, before, record);
      else if (!chain.some(({ reason, to }) => to === "RollingBack" && reason !== record.reason))
        throw new Violation(`${moved.name} is put back, and nobody asked`);
    }
    if (record.reason === "PuttingBack" && record.tier === "omega") this.#fleetFirst(view, chain, record);
  }

  /** How people could name what is recorded, under the policies there were until now. */
  #names(state: State, frozen: string, since: readonly unknown[]): readonly string[] {
    const { generation } = this.#world.policies.get(num(state, this.#world.at.policies));
    return Array.from({ length: generation + 1 }, (_, at) =>
      tokenOfRecorded(frozen, { state: "InForce", identity: { generation: at }, stamps: "ApiServer" }, since),
    );
  }

  #asked(state: State, update: number, view: View, chain: readonly RecordSpec[], { tier }: RecordSpec): void {
    const { deployments, scenario, targets } = this.#world;
    const own = scenario.updates[update]?.metadata.uid;
    // Who asked knew who had been at the servers since, or what was asked before that counts no more.
    const since = scenario.targets.flatMap(({ specs }, t) => {
      const { uid } = specs[0].metadata;
      const last = chain.findLast((one) => one.tier === tier && one.targets?.some((moved) => moved.uid === uid));
      const at = last?.targets?.find((moved) => moved.uid === uid)?.sequence;
      const { app } = targets.get(view.targets[t] ?? 0);
      return at === undefined || app === undefined || app.sequence === at || app.claim?.uid === own
        ? []
        : [[uid, app.sequence]];
    });
    const tokens = chain.flatMap((one) =>
      one.from === "Waiting" && one.tier === tier && one.token !== undefined
        ? this.#names(state, one.token, since)
        : [],
    );
    const by = deployments
      .get(view.deployment)
      .actions.some((action) => action.verb === "rollback" && action.tier === tier && tokens.includes(action.token));
    if (!by) throw new Violation(`${tier} is rolled back, and nobody asked under its token`);
    scenario.targets.forEach(({ specs }, t) => {
      const { uid, name } = specs[0].metadata;
      const last = chain.findLast((one) => one.tier === tier && one.targets?.some((moved) => moved.uid === uid))?.to;
      if (last === undefined) return;
      const { app } = targets.get(view.targets[t] ?? 0);
      const other = app?.claim !== undefined && app.claim.uid !== scenario.updates[update]?.metadata.uid;
      const newer =
        last === "Passed" &&
        app?.claim === undefined &&
        app?.digest !== `sha256:${this.#world.releases[update]?.sha256}`;
      if (other || newer) throw new Violation(`${tier} is rolled back, and ${name} has something newer`);
    });
  }

  /** Only a written failure, only where the target says so, and at most once an hour. */
  #byItself(state: State, t: number, before: RecordSpec | undefined, record: RecordSpec): void {
    const { scenario, chains, at } = this.#world;
    const target = scenario.targets[t]?.specs[0];
    if (target === undefined) return;
    const says =
      target.spec.onFailure ?? (target.kind === "Mainframe" || target.spec.tier === "Omega" ? "Restore" : "Hold");
    if (before?.to !== "Held" || !WRITTEN_FAILURES.includes(before.reason) || says !== "Restore")
      throw new Violation(`${target.metadata.name} is put back by itself after ${before?.to} (${before?.reason})`);
    const lately = scenario.updates.some((_, u) =>
      chains
        .get(num(state, at.truth.chains + u))
        .some(
          (one) =>
            one.reason === "RestoreOnFailure" &&
            one.hash !== record.hash &&
            one.targets?.some(({ uid }) => uid === target.metadata.uid) &&
            Date.parse(record.time) - Date.parse(one.time) < 3_600_000,
        ),
    );
    if (lately) throw new Violation(`${target.metadata.name} is put back by itself twice within an hour`);
  }

  /** OMEGA goes back after its mainframes, or when these had their ten minutes. */
  #fleetFirst(view: View, chain: readonly RecordSpec[], record: RecordSpec): void {
    const { scenario, targets } = this.#world;
    const asked = chain.find(({ to, tier, targets: named }) => to === "RollingBack" && tier === "omega" && !named);
    if (asked !== undefined && Date.parse(record.time) >= Date.parse(asked.time) + 600_000) return;
    scenario.targets.forEach(({ specs }, t) => {
      const { uid, name } = specs[0].metadata;
      if (specs[0].kind !== "Mainframe") return;
      const last = chain.findLast((one) => one.targets?.some((moved) => moved.uid === uid))?.to;
      const { app } = targets.get(view.targets[t] ?? 0);
      const elsewhere = app?.claim !== undefined && app.claim.uid !== record.deployment.uid;
      if (TAKEN.includes(last) && !elsewhere) throw new Violation(`OMEGA is put back before ${name}, which is ${last}`);
    });
  }

  /** When it is about to be recorded that a target is back. */
  isBack(state: State, update: number, record: RecordSpec): void {
    const { scenario, agents, at } = this.#world;
    for (const { uid, name } of record.targets ?? []) {
      const t = scenario.targets.findIndex(({ specs }) => specs[0].metadata.uid === uid);
      if (releaseOn(agents.get(num(state, at.agents + t))) === this.#world.releaseOf(update))
        throw new Violation(`${name} is recorded as put back, and the update runs there`);
    }
  }

  /** When an agent is about to switch to what it kept: something that ran there in order, and not what is taken back. */
  switched(state: State, t: number, { update, release }: ModelOrder): void {
    const { scenario, chains, at } = this.#world;
    if (release === this.#world.releaseOf(update)) throw new Violation("what is put back is what was taken back");
    const { specs, runs } = scenario.targets[t] ?? {};
    if (release === (runs === "before" ? scenario.updates.length : runs)) return;
    const delivered = scenario.updates.some(
      (_, u) =>
        this.#world.releaseOf(u) === release &&
        chains
          .get(num(state, at.truth.chains + u))
          .some(
            ({ to, targets }) => to === "Delivering" && targets?.some(({ uid }) => uid === specs?.[0].metadata.uid),
          ),
    );
    if (!delivered) throw new Violation("something is put back that no record ever brought there");
  }

  /** When nothing happens any more with an update that was taken back. */
  rests(state: State, update: number): void {
    const { scenario, chains, targets, at } = this.#world;
    const chain = chains.get(num(state, at.truth.chains + update));
    for (const asked of chain.filter(({ to, targets: named }) => to === "RollingBack" && named === undefined))
      scenario.targets.forEach(({ specs }, t) => {
        const { uid, name } = specs[0].metadata;
        const last = chain.findLast((one) => one.targets?.some((moved) => moved.uid === uid));
        const meant = last?.tier === asked.tier || (asked.tier === "omega" && last?.tier === "mainframes");
        if (!meant || !TAKEN.includes(last?.to)) return;
        const { app } = targets.get(num(state, at.truth.targets + t));
        const other = app?.digest !== `sha256:${this.#world.releases[update]?.sha256}`;
        if (!(last?.to === "Passed" && other) && app?.claim === undefined)
          throw new Violation(`it rests as RolledBack, and ${name} is ${last?.to}`);
      });
  }
}
