import type { Update } from "./kinds.ts";
import { ago } from "./words.ts";

/** An operator that runs looks at an update within a second. */
export const LOOKED_AT_WITHIN_MS = 10_000;

/** What says why nobody looks: whether an operator runs and leads, and may do its work. */
export const DOCTOR = "ashat doctor";

/** Whether an update is there for longer than an operator needs, and none has looked at it. */
export const unseen = ({ metadata, status }: Update, now: number): boolean =>
  status?.phase === undefined && now - Date.parse(metadata.creationTimestamp ?? "") > LOOKED_AT_WITHIN_MS;

/** The sentence of an update that has none of its own yet. */
export const whyNothingIsSaid = (update: Update, now: number): string =>
  unseen(update, now)
    ? `no operator has looked at it since it was pushed ${ago(update.metadata.creationTimestamp, now)} ago, and before one does nothing happens`
    : "the operator has not looked at it yet";
