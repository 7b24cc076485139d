import { actionKey, stampKey } from "../api/actions.ts";
import type { Deployment } from "../api/deployment.ts";
import { deploymentRef, type Tier, type Verb } from "../api/group.ts";
import type { SeenPolicies } from "./observed.ts";

/** The field manager of every printed command: Flux strips what a plain `kubectl annotate` leaves on an object it applies. */
const FIELD_MANAGER = "ashat";

const ME = `"$(kubectl auth whoami -o jsonpath='{.status.userInfo.username}')"`;

/** The exact command that acts, in full form: a bare `deployment` would mean the one of `apps`. */
export function actionCommand(
  { metadata }: Deployment,
  { verb, tier, slot = "", token }: { readonly verb: Verb; readonly tier: Tier; readonly slot?: string; readonly token: string },
  policies: SeenPolicies,
): string {
  const stamp = policies.state === "InForce" && policies.stamps === "Client" ? ` ${stampKey(verb, tier, slot)}=${ME}` : "";
  return `kubectl annotate ${deploymentRef(metadata.name)} -n ${metadata.namespace} --field-manager=${FIELD_MANAGER} ${actionKey(verb, tier, slot)}=${token}${stamp}`;
}
