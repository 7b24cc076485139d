import type { Action } from "../api/actions.ts";
import type { RecordBody, RecordSource } from "../api/record.ts";
import type { SeenPolicies } from "./observed.ts";
import { isServiceAccount } from "./source.ts";

/** How it is known who acted: only policies that are proven make a stamp more than a text somebody wrote. */
export function howKnown(policies: SeenPolicies): "Admission" | "Client" | "Unknown" {
  if (policies.state !== "InForce") return "Unknown";
  return policies.stamps === "ApiServer" ? "Admission" : "Client";
}

export const actorOf = (names: readonly string[], policies: SeenPolicies): RecordBody["actor"] => ({
  name: names.join(", ").slice(0, 253),
  known: howKnown(policies),
});

/** A program did what it was told: the record says from where, as far as that is known. A person needs no source. */
export const withSource = (actor: RecordBody["actor"], source: RecordSource | undefined): RecordBody["actor"] =>
  source !== undefined && actor.known !== "Unknown" && actor.name.split(", ").some(isServiceAccount)
    ? { ...actor, source }
    : actor;

/** Who asked, where that is known: an action without a stamp, or under policies that are not in force, is nobody's. */
export const askedBy = (action: Action | undefined, policies: SeenPolicies): string | undefined =>
  howKnown(policies) === "Unknown" ? undefined : action?.by;

/** What to wait for before anybody can ask for anything; nothing while the policies are in force. */
export const untilPolicies = (policies: SeenPolicies): string | undefined =>
  policies.state === "NotInForce" ? `once the admission policies are in force: ${policies.message}` : undefined;
