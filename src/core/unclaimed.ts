import type { Part } from "./decision.ts";
import { namesOf } from "./names.ts";
import { nextRecord, recordTarget, write } from "./record.ts";
import { isClaimedBy, type Situation, targetsIn } from "./situation.ts";

/** Nothing is delivered to a target, and nothing proved about it, that is not this update's own any more. */
export function unclaimed(situation: Situation): Part {
  const { observed, now, tier } = situation;
  const { metadata, spec } = observed.deployment;
  for (const from of ["Delivering", "Verifying"] as const) {
    const lost = targetsIn(situation, from).filter(({ seen }) => !isClaimedBy(seen.target, spec.app, metadata.uid));
    if (lost.length === 0) continue;
    return {
      effects: [
        write(
          nextRecord(observed, now, {
            tier,
            from,
            to: "Held",
            reason: "ClaimLost",
            message: `${namesOf(lost.map(({ seen }) => seen.target))} is not claimed by this update any more: what is done there now is another's. Nothing was restored`,
            targets: lost.map(({ seen, at }) => recordTarget(seen.target, { sequence: at.sequence })),
          }),
        ),
      ],
    };
  }
  return {};
}
