import { actionKey, actionsOf, stampKey } from "../api/actions.ts";
import type { Deployment } from "../api/deployment.ts";
import { deploymentRef, type Tier, type Verb } from "../api/group.ts";
import type { SeenPolicies } from "./observed.ts";

/** The field manager of every printed command: Flux strips what a plain `kubectl annotate` leaves on an object it applies. */
const FIELD_MANAGER = "ashat";

const ME = `"$(kubectl auth whoami -o jsonpath='{.status.userInfo.username}')"`;

/**
 * The exact command that acts, in full form (a bare `deployment` would mean the one of `apps`) and in the first slot that is
 * free: kubectl does not write over an annotation, and a second person who repeats the first one's command would be lost.
 */
export function actionCommand(
  { metadata }: Deployment,
  {
    verb,
    tier,
    token,
    reason,
  }: { readonly verb: Verb; readonly tier: Tier; readonly token: string; readonly reason?: string },
  policies: SeenPolicies,
): string {
  const slot = freeSlot(
    actionsOf(metadata.annotations)
      .filter((action) => action.verb === verb && action.tier === tier)
      .map((action) => action.slot),
  );
  const stamp =
    policies.state === "InForce" && policies.stamps === "Client" ? ` ${stampKey(verb, tier, slot)}=${ME}` : "";
  const action = `${actionKey(verb, tier, slot)}=${token}`;
  const said = reason === undefined ? action : `'${action} ${reason}'`;
  return `kubectl annotate ${deploymentRef(metadata.name)} -n ${metadata.namespace} --field-manager=${FIELD_MANAGER} ${said}${stamp}`;
}

/** Deleting stops an update, undoes nothing, and lets go what it holds. */
export const deleteCommand = ({ name, namespace }: { readonly name: string; readonly namespace: string }): string =>
  `kubectl delete ${deploymentRef(name)} -n ${namespace}`;

function freeSlot(used: readonly string[]): string {
  for (let next = 1; ; next += 1) {
    const slot = next === 1 ? "" : String(next);
    if (!used.includes(slot)) return slot;
  }
}
