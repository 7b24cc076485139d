import { TIERS, type Tier } from "../api/group.ts";
import type { Mainframe } from "../api/mainframe.ts";
import type { Server } from "../api/server.ts";
import type { State } from "../api/states.ts";
import type { SeenTarget } from "./observed.ts";
import { hasBegun, type Progress } from "./progress.ts";

const byName = (a: SeenTarget, b: SeenTarget): number => (a.target.metadata.name < b.target.metadata.name ? -1 : 1);

export const isServer = (target: Server | Mainframe): target is Server => target.kind === "Server";

/** The targets of a tier, by name. A mainframe takes part when the Omega server that feeds it does, and from when it began whoever feeds it. */
export function targetsOf(tier: Tier, targets: readonly SeenTarget[], progress: Progress): readonly SeenTarget[] {
  if (tier !== "mainframes") return targets.filter(({ target }) => tierOfTarget(target) === tier).sort(byName);
  const feeders = new Set(feedersOf(targets, progress).map(({ target }) => target.metadata.name));
  const moved = progress.tiers.mainframes.targets;
  return targets
    .filter(({ target }) => !isServer(target) && (feeders.has(target.spec.omega) || moved.has(target.metadata.uid)))
    .sort(byName);
}

/** The Omega servers whose mainframes take part: once OMEGA has passed, those that passed it in this update, whatever became of them. */
export function feedersOf(targets: readonly SeenTarget[], progress: Progress): readonly SeenTarget[] {
  const { passedBy, targets: moved } = progress.tiers.omega;
  return targetsOf("omega", targets, progress).filter(
    ({ target }) => passedBy === undefined || moved.has(target.metadata.uid),
  );
}

export const tierOfTarget = (target: Server | Mainframe): Tier =>
  isServer(target) ? (target.spec.tier.toLowerCase() as Lowercase<typeof target.spec.tier>) : "mainframes";

/** The tiers an update goes through: ALPHA only where there is one; what was passed over stays passed over. */
export function tiersOf(progress: Progress, targets: readonly SeenTarget[]): readonly Tier[] {
  const begun = (tier: Tier): boolean => hasBegun(progress.tiers[tier]);
  return TIERS.filter((tier, index) => {
    if (begun(tier)) return true;
    if (TIERS.slice(index + 1).some(begun)) return false;
    return tier !== "alpha" || targetsOf("alpha", targets, progress).length > 0;
  });
}

/** The tier an update is at: one that it has not passed, or where something is delivered again; none when it is through. */
export const currentTier = (progress: Progress, targets: readonly SeenTarget[]): Tier | undefined =>
  tiersOf(progress, targets).find((tier) => progress.tiers[tier].passedBy === undefined || isReopened(progress, tier));

/** Something that was delivered to it before is on its way again, or failed on it. */
export const isReopened = (progress: Progress, tier: Tier): boolean =>
  progress.tiers[tier].passedBy !== undefined &&
  [...progress.tiers[tier].targets.values()].some(({ state }) => REOPENING.includes(state));

const REOPENING: readonly State[] = ["Delivering", "Verifying", "Held"];

/** What is under way decides first, then what needs a person, then what waits. */
const FOLD: readonly State[] = [
  "RollingBack",
  "Delivering",
  "Verifying",
  "Held",
  "Waiting",
  "RolledBack",
  "Passed",
  "Superseded",
  "Refused",
];

/** The state of a parent is the fold of its children; one without children waits. */
export const fold = (states: readonly State[]): State => FOLD.find((state) => states.includes(state)) ?? "Waiting";
