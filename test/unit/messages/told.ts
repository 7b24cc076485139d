import { decideGone } from "../../../src/core/gone.ts";
import { statusOfTarget } from "../../../src/core/target.ts";
import type { DeploymentStatus } from "../../../src/api/deployment.ts";
import type { TargetStatus } from "../../../src/api/target.ts";
import type { EventDraft } from "../../../src/core/decision.ts";
import { Scene } from "../scene.ts";

/** One sentence that somebody reads, with the codes it stands beside. */
export interface Told {
  readonly codes: readonly string[];
  readonly text: string;
}

/** A scene that keeps everything it says to anybody on the way: gates, records, conditions, events. */
export class Telling extends Scene {
  readonly told: Told[] = [];
  /** What a gate says beside its sentence: who can open it, and how. */
  readonly ways: { readonly gate: string; readonly message: string; readonly who: string; readonly command: string }[] =
    [];
  #recorded = 0;

  override run(): ReturnType<Scene["run"]> {
    const rest = super.run();
    this.hear(rest.status, [...(rest.event ? [rest.event] : []), ...(rest.warnings ?? [])]);
    return rest;
  }

  hear(status: DeploymentStatus, events: readonly EventDraft[]): void {
    const { phase = "Waiting", message = "", blockedBy = [], conditions = [] } = status;
    this.told.push(
      { codes: [phase], text: message },
      ...blockedBy.map((gate) => ({ codes: [gate.gate], text: gate.message })),
      ...conditions.map(({ type, reason, message: text }) => ({ codes: [type, reason], text })),
      ...events.map(({ reason, note }) => ({ codes: [reason], text: note })),
      ...this.records.slice(this.#recorded).map(({ reason, message: text }) => ({ codes: [reason], text })),
    );
    this.#recorded = this.records.length;
    for (const { gate, message: text, who, command = "" } of blockedBy)
      this.ways.push({ gate, message: text, who, command });
  }

  /** What its targets say of themselves, each as its agent is now. */
  hearTargets(): void {
    for (const target of this.targets.values()) {
      const agent = this.agents.get(target.metadata.name) ?? { state: "NotAsked" };
      const licence = this.licences.get(target.metadata.name);
      const seen = { target, agent, policies: this.policies, isThere: () => true, ...(licence && { licence }) };
      this.told.push(...toldBy(statusOfTarget(seen, this.now)));
    }
  }

  /** The Deployment is deleted, and the operator lets go what it held. */
  hearFarewell(): void {
    const { uid } = this.deployment.metadata;
    const { records, jobs, targets } = this;
    const seen = [...targets.values()].map((target) => ({ target, agent: { state: "NotAsked" }, orders: {} }) as const);
    for (const effect of decideGone({ uid, records, jobs, targets: seen }, this.now))
      if (effect.do === "record") this.told.push({ codes: [effect.record.reason], text: effect.record.message });
  }
}

export const toldBy = ({ conditions = [] }: TargetStatus | DeploymentStatus): readonly Told[] =>
  conditions.map(({ type, reason, message }) => ({ codes: [type, reason], text: message }));
