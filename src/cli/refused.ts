import { approverRole } from "../api/rbac.ts";
import { GROUP, type Tier } from "../api/group.ts";
import { ApiError, forbidden, invalid } from "../kube/errors.ts";
import { No } from "./no.ts";

/** What the policy or the rule itself says, without the wire around it. */
export const reasonOf = ({ message }: ApiError): string =>
  message
    .replace(/^[A-Z]+ \/\S+ was answered \d+ \w+: /, "")
    .replace(/^.*? denied request: /, "")
    .replace(/^\S+ "[^"]*" is (forbidden|invalid): /, "");

/** An action the API server refused, with who can give the right to it. */
export function refusedAction(
  error: unknown,
  { tier, who, namespace }: { tier: Tier; who: string; namespace: string },
): unknown {
  if (!(error instanceof ApiError) || !(forbidden(error) || invalid(error))) return error;
  const said = reasonOf(error);
  if (!forbidden(error)) return new No(`The API server refused it: ${said}.`);
  const missing = said.includes(" may not ") || said.includes("cannot patch");
  return new No(`You (${who}) may not do this: ${said}.`, {
    next: missing
      ? [
          `whoever administers namespace ${namespace} gives the right: kubectl create rolebinding ${approverRole(tier)}-${roleSuffix(who)} --clusterrole=${approverRole(tier)} --user=${quoted(who)} -n ${namespace}`,
        ]
      : [],
  });
}

/** Any other write that was refused: which right is missing, and in which role it is. */
export function refusedWrite(
  error: unknown,
  { what, role, namespace }: { what: string; role: string; namespace: string },
): unknown {
  if (!(error instanceof ApiError) || !(forbidden(error) || invalid(error))) return error;
  const said = reasonOf(error);
  return forbidden(error)
    ? new No(`${what} is not allowed: ${said}. It needs the role ${role} in namespace ${namespace}.`, {
        next: [
          `whoever administers namespace ${namespace} looks: kubectl auth can-i --list -n ${namespace} | grep ${GROUP}`,
        ],
      })
    : new No(`${what} was refused by the API server: ${said}.`);
}

const roleSuffix = (who: string): string =>
  who
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");

const quoted = (who: string): string => (/^[\w@.:-]+$/.test(who) ? who : `'${who.replaceAll("'", String.raw`'\''`)}'`);
