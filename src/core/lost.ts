import type { Part } from "./decision.ts";
import { deleteCommand } from "./commands.ts";
import { hold } from "./hold.ts";
import { namesOf } from "./names.ts";
import { recordTarget } from "./record.ts";
import { type Situation, vanished } from "./situation.ts";

/** A target that was deleted on the way can prove nothing any more. */
export function lost(situation: Situation): Part {
  const all = vanished(situation).filter(({ state }) => state !== "RollingBack");
  const names = (list: typeof all): string => namesOf(list.map((at) => ({ metadata: at })));
  const gone = all.filter((at) => at.state === "Delivering" || at.state === "Verifying");
  const from = gone[0]?.state;
  if (from !== undefined) {
    const same = gone.filter((at) => at.state === from);
    const targets = same.map((at) => recordTarget({ kind: at.kind, metadata: at }, { sequence: at.sequence }));
    return {
      effects: [
        hold(situation, from, targets, { reason: "TargetGone", message: `${names(same)} was deleted on the way` }),
      ],
    };
  }
  if (all.length === 0) return {};
  return {
    blockedBy: [
      {
        gate: "gone",
        message: `${names(all)} was deleted while the update was held there: it cannot pass any more`,
        who: "the author of the update: delete it and push it again under a new name",
        command: deleteCommand(situation.observed.deployment.metadata),
      },
    ],
  };
}
