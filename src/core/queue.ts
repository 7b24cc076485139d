import { deploymentRef, type Tier, TIERS } from "../api/group.ts";
import type { RecordSpec } from "../api/record.ts";
import type { Server } from "../api/server.ts";
import { compareVersions } from "../api/version.ts";
import type { DeploymentSpec } from "../api/deployment.ts";
import type { Shut } from "./decision.ts";
import type { Rival, SeenTarget } from "./observed.ts";
import { hasBegun, progressOf } from "./progress.ts";
import type { Situation } from "./situation.ts";
import { currentTier, feedersOf, isServer } from "./tiers.ts";

/** Another update of the same app as its records have it; none where it is through, at its end, or taken back. */
export function rivalOf(records: readonly RecordSpec[], targets: readonly SeenTarget[]): Rival | undefined {
  const progress = progressOf(records);
  const { created, end, reversed, tiers } = progress;
  if (created === undefined || end !== undefined || reversed) return undefined;
  const tier = currentTier(progress, targets);
  if (tier === undefined) return undefined;
  return {
    ...created.deployment,
    version: created.version,
    tier,
    begun: hasBegun(tiers[tier]),
    verified: Object.values(tiers).some(({ passedBy }) => passedBy !== undefined),
    held: [...tiers[tier].targets.values()].some(({ state }) => state === "Held"),
    quarantined: false,
  };
}

const order = (tier: Tier): number => TIERS.indexOf(tier);

/** Those that come before an update that waits for approval in a tier: newer, verified, and as far. */
export const newerOnes = (spec: DeploymentSpec, tier: Tier, rivals: readonly Rival[]): readonly Rival[] =>
  spec.allowOlder
    ? []
    : rivals.filter(
        (rival) =>
          rival.verified &&
          !rival.held &&
          !rival.quarantined &&
          order(rival.tier) >= order(tier) &&
          compareVersions(rival.version, spec.version) > 0,
      );

/** The newest of them, where no server of the tier wants its updates in order. */
export function overtakenBy({ observed, progress, tier, targets }: Situation): Rival | undefined {
  const servers = tier === "mainframes" ? feedersOf(observed.targets, progress) : targets;
  if (servers.some(({ target }) => isServer(target) && target.spec.queue === "Ordered")) return undefined;
  return [...newerOnes(observed.deployment.spec, tier, observed.rivals)].sort((a, b) =>
    compareVersions(b.version, a.version),
  )[0];
}

export const overtakenMessage = (rival: Rival, tier: Tier): string =>
  `${deploymentRef(rival.name)} is newer (${rival.version}), verified, and has come as far: ${tier} gets that one`;

/** On a server that takes updates in order the older one goes first. */
export function queueGate({ observed, tier }: Situation, { metadata, spec }: Server): Shut | undefined {
  if (spec.queue !== "Ordered") return undefined;
  const { deployment } = observed;
  const before = observed.rivals
    .filter((rival) => compareVersions(rival.version, deployment.spec.version) < 0 && !isPast(rival, tier, spec))
    .sort((a, b) => compareVersions(a.version, b.version))[0];
  if (before === undefined) return undefined;
  return {
    gate: "queue",
    message: `server ${metadata.name} takes updates in order, and ${deploymentRef(before.name)} (${before.version}) comes first`,
    who: `it opens when that update has passed ${tier} or ended; see kubectl get ${deploymentRef(before.name)} -n ${deployment.metadata.namespace}`,
  };
}

/**
 * What is held on ALPHA or PUBLIC gives way, as its claim does. Where what passed has to stay good, the older one is past only
 * when it has begun the next tier: nothing could be seen of it under a newer one.
 */
function isPast(rival: Rival, tier: Tier, { soakSeconds }: Server["spec"]): boolean {
  if (rival.held && (rival.tier === "alpha" || rival.tier === "public")) return true;
  if (soakSeconds > 0 && order(rival.tier) === order(tier) + 1) return rival.begun;
  return order(rival.tier) > order(tier);
}
