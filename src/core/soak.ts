import { deploymentRef } from "../api/group.ts";
import { digestOfUpdate } from "../api/layer.ts";
import type { Server } from "../api/server.ts";
import type { Shut } from "./decision.ts";
import { isOver } from "./moves.ts";
import { inAnEmergency, overrideCommand } from "./overrides.ts";
import { timeOf } from "./record.ts";
import { appState, type Situation } from "./situation.ts";
import { isServer, tiersOf } from "./tiers.ts";

/** Good until then is long enough; or why it is not good now, and no time makes it so. */
type Soaking = { readonly until: number } | { readonly why: string };

/** What passed in the tier before must stay good for as long as its server says, before this one begins. */
export function soakGate(situation: Situation): Shut | undefined {
  const { now, tier } = situation;
  const soaking = soaks(situation);
  const bad = soaking.flatMap((one) => ("why" in one ? [one.why] : []));
  const until = Math.max(0, ...soaking.flatMap((one) => ("until" in one ? [one.until] : [])));
  if (bad.length === 0 && now >= until) return undefined;
  return {
    gate: "soak",
    message:
      bad.length > 0
        ? `${tier} waits until what passed before has stayed good: ${bad.join("; ")}`.slice(0, 1024)
        : `${tier} waits until what passed before has stayed good until ${timeOf(until)}`,
    who: `${bad.length > 0 ? "who runs that server" : "nobody, it opens by itself"}; ${inAnEmergency(situation)}`,
    ...overrideCommand(situation),
    ...(bad.length === 0 && { clearsAt: timeOf(until) }),
  };
}

/** Only the tier right before: those before it have soaked when it began, and may run something newer by now. */
function soaks(situation: Situation): readonly Soaking[] {
  const { observed, progress, tier } = situation;
  const tiers = tiersOf(progress, observed.targets);
  const before = tiers[tiers.indexOf(tier) - 1];
  if (before === undefined) return [];
  const moved = progress.tiers[before].targets;
  return observed.targets.flatMap(({ target }): Soaking[] => {
    if (!isServer(target) || target.spec.soakSeconds === 0) return [];
    const state = moved.get(target.metadata.uid)?.state;
    if (state === "Passed") return [soakOf(situation, target)];
    return state === undefined || isOver(state) ? [] : [{ why: `${target.metadata.name} is at ${state} again` }];
  });
}

/** Counted from when it passed, and anew from when it was last ready again. */
function soakOf({ observed }: Situation, { metadata, spec, status }: Server): Soaking {
  const { name } = metadata;
  const { spec: update } = observed.deployment;
  const app = appState({ kind: "Server", metadata, spec, status }, update.app);
  const condition = (type: string) => status.conditions?.find((one) => one.type === type);
  if (app?.claim !== undefined) return { why: `${name} is being updated by ${deploymentRef(app.claim.name)}` };
  if (app?.digest !== digestOfUpdate(update) || app.since === undefined || app.unsettled !== undefined)
    return { why: `how ${update.version} stays on ${name} cannot be seen any more, because something else came there` };
  const drifted = condition("Drifted");
  if (drifted?.status === "True") return { why: `${name} has drifted: ${drifted.message}` };
  const ready = condition("Ready");
  if (ready?.status !== "True") return { why: `${name} is not ready: ${ready?.message ?? "it was not asked yet"}` };
  return { until: Math.max(Date.parse(app.since), Date.parse(ready.lastTransitionTime)) + spec.soakSeconds * 1000 };
}
