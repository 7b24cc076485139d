import type { Effect, Part } from "./decision.ts";
import { namesOf } from "./names.ts";
import { hold } from "./hold.ts";
import { recordTarget } from "./record.ts";
import { appState, isClaimedBy, type Situation, targetsIn } from "./situation.ts";

/** Nothing is delivered to a target, and nothing proved about it, that is not this update's own any more. */
export function unclaimed(situation: Situation): Part {
  const { metadata, spec } = situation.observed.deployment;
  for (const from of ["Delivering", "Verifying"] as const) {
    const lost = targetsIn(situation, from).filter(({ seen }) => !isClaimedBy(seen.target, spec.app, metadata.uid));
    if (lost.length === 0) continue;
    // A request to let it go that arrived late: nobody else had it since, as the sequence shows.
    const again = lost.flatMap(({ seen, at }): Effect[] => {
      const app = appState(seen.target, spec.app);
      if (app === undefined || app.claim !== undefined || app.sequence !== at.sequence) return [];
      return [
        {
          do: "claim",
          target: seen.target,
          app: { ...app, claim: { name: metadata.name, uid: metadata.uid, version: spec.version } },
        },
      ];
    });
    if (again.length > 0) return { effects: again };
    const targets = lost.map(({ seen, at }) => recordTarget(seen.target, { sequence: at.sequence }));
    const message = `${namesOf(lost.map(({ seen }) => seen.target))} is not claimed by this update any more: what is done there now is another's`;
    return { effects: [hold(situation, from, targets, { reason: "ClaimLost", message })] };
  }
  return {};
}
