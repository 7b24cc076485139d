import { deploymentRef } from "../api/group.ts";
import { digestOfLayers, digestOfUpdate } from "../api/layer.ts";
import type { Effect } from "./decision.ts";
import { nextRecord, write } from "./record.ts";
import type { Situation } from "./situation.ts";

/** An update id belongs to one artifact and version for ever: its records would speak of two things otherwise. */
export function updateIdReused({ observed, now, progress, tier }: Situation): Effect | undefined {
  if (Object.values(progress.tiers).some(({ targets }) => targets.size > 0)) return undefined;
  const { metadata, spec } = observed.deployment;
  const digest = digestOfUpdate(spec);
  const other = observed.others.find(
    (record) =>
      record.deployment.name === metadata.name &&
      (record.version !== spec.version || digestOfLayers(record.artifacts) !== digest),
  );
  if (other === undefined) return undefined;
  return write(
    nextRecord(observed, now, {
      tier,
      from: "Waiting",
      to: "Refused",
      reason: "UpdateIdReused",
      message: `${deploymentRef(metadata.name)} was used for ${other.app} ${other.version} before: an update id is used once, push this under a new name`,
    }),
  );
}
