import { TIERS, type Tier } from "../api/group.ts";
import type { Mainframe } from "../api/mainframe.ts";
import type { Server } from "../api/server.ts";
import type { State } from "../api/states.ts";
import type { SeenTarget } from "./observed.ts";
import { hasBegun, type Progress } from "./progress.ts";

const byName = (a: SeenTarget, b: SeenTarget): number => (a.target.metadata.name < b.target.metadata.name ? -1 : 1);

export const isServer = (target: Server | Mainframe): target is Server => target.kind === "Server";

/** The targets of a tier, by name. A mainframe takes part when the Omega server it names exists. */
export function targetsOf(tier: Tier, targets: readonly SeenTarget[]): readonly SeenTarget[] {
  const omegas = new Set(targets.filter((seen) => tierOfTarget(seen.target) === "omega").map((t) => t.target.metadata.name));
  return targets
    .filter(({ target }) => tierOfTarget(target) === tier && (isServer(target) || omegas.has(target.spec.omega)))
    .sort(byName);
}

export const tierOfTarget = (target: Server | Mainframe): Tier =>
  isServer(target) ? (target.spec.tier.toLowerCase() as Lowercase<typeof target.spec.tier>) : "mainframes";

/** The tiers an update goes through: ALPHA only where there is one; what was passed over stays passed over. */
export function tiersOf(progress: Progress, targets: readonly SeenTarget[]): readonly Tier[] {
  const begun = (tier: Tier): boolean => hasBegun(progress.tiers[tier]);
  return TIERS.filter((tier, index) => {
    if (begun(tier)) return true;
    if (TIERS.slice(index + 1).some(begun)) return false;
    return tier !== "alpha" || targetsOf("alpha", targets).length > 0;
  });
}

/** The tier an update is at; none when it has passed them all. */
export const currentTier = (progress: Progress, targets: readonly SeenTarget[]): Tier | undefined =>
  tiersOf(progress, targets).find((tier) => progress.tiers[tier].passedBy === undefined);

/** What is under way decides first, then what needs a person, then what waits. */
const FOLD: readonly State[] = ["Delivering", "Verifying", "Held", "Waiting", "Passed"];

/** The state of a parent is the fold of its children; one without children waits. */
export const fold = (states: readonly State[]): State => FOLD.find((state) => states.includes(state)) ?? "Waiting";
