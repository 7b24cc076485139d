import type { Evidence, RecordTarget } from "../api/record.ts";
import type { State } from "../api/states.ts";
import type { Effect } from "./decision.ts";
import { nextRecord, write } from "./record.ts";
import type { Situation } from "./situation.ts";

/** Some targets go no further until a person decides; what was delivered to them stays where it is. */
export function hold(
  { observed, now, tier }: Situation,
  from: State,
  targets: readonly RecordTarget[],
  why: { readonly reason: string; readonly message: string; readonly evidence?: readonly Evidence[] },
): Effect {
  return write(
    nextRecord(observed, now, {
      tier,
      from,
      to: "Held",
      reason: why.reason,
      message: `${why.message.slice(0, 2000).replace(/(?<!\.)\.$/, "")}. Nothing was restored`,
      targets: [...targets],
      ...(why.evidence && { evidence: [...why.evidence] }),
    }),
  );
}
