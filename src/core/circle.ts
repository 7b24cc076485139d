import { layersInCircle } from "../api/layer.ts";
import type { Effect } from "./decision.ts";
import { nextRecord, write } from "./record.ts";
import type { Situation } from "./situation.ts";

/** Layers that wait for each other cannot be delivered, and an update never changes: it is over before it begins. */
export function layersWaitForEachOther({ observed, now, tier }: Situation): Effect | undefined {
  const circle = layersInCircle(observed.deployment.spec);
  if (circle.length === 0) return undefined;
  return write(
    nextRecord(observed, now, {
      tier,
      from: "Waiting",
      to: "Refused",
      reason: "LayersInCircle",
      message: `its layers ${circle.join(", ")} wait for each other: push it under a new name, with dependsOn that leads in no circle`,
    }),
  );
}
