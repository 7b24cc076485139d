import { completes } from "./completion.ts";
import type { Part } from "./decision.ts";
import { nextRecord, write } from "./record.ts";
import type { Situation } from "./situation.ts";

/** A tier whose every target has passed, or that has none, passes by a record of its own. */
export function nothingLeft(situation: Situation): Part {
  const { observed, now, tier, targets } = situation;
  if (tier !== "mainframes" && targets.length === 0) return {};
  if (!completes(situation, [])) return {};
  return {
    effects: [
      write(
        nextRecord(observed, now, {
          tier,
          from: "Waiting",
          to: "Passed",
          reason: targets.length === 0 ? "NoTargets" : "NothingLeft",
          message:
            targets.length === 0
              ? "no mainframe is fed by an Omega server of this namespace"
              : "every target that is left has passed",
          completes: true,
        }),
      ),
    ],
  };
}
