import { AUTHOR_KEY } from "../api/actions.ts";
import { approverRole, ROLLBACK_ROLE, rolesFor } from "../api/rbac.ts";
import { type Tier, TIERS, type Verb } from "../api/group.ts";
import { ApiError, forbidden, invalid, notFound, unauthorized, unreachable } from "../kube/errors.ts";
import { EXIT } from "./exit.ts";
import type { Update } from "./kinds.ts";
import { shownAs } from "./names.ts";
import { No } from "./no.ts";
import { quoted } from "./quoted.ts";

/** What the policy or the rule itself says, without the wire around it. */
export const reasonOf = ({ message }: ApiError): string =>
  message
    .replace(/^[A-Z]+ \/\S+ was answered \d+ \w+: /, "")
    .replace(/^.*? denied request: /, "")
    .replace(/^\S+(?: "[^"]*")? is (?:forbidden|invalid): /, "")
    .replace(/[.]$/, "");

/** How the right that is missing is given. Nobody gives more than they have: administering a namespace is not approving in it. */
const binding = (role: string, who: string, namespace: string): string => {
  const giver = [ROLLBACK_ROLE, ...TIERS.map(approverRole)].includes(role)
    ? `a cluster administrator, or whoever administers namespace ${namespace} and has the role themselves,`
    : `whoever administers namespace ${namespace}`;
  const name = `${role}-${suffixOf(who)}`.slice(0, 63);
  return `${giver} gives the right: kubectl create rolebinding ${name} --clusterrole=${role} --user=${quoted(who)} -n ${namespace}`;
};

const suffixOf = (who: string): string =>
  who
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");

/** An action the API server refused, with who can give the right to it. */
export function refusedAction(
  error: unknown,
  {
    verb,
    tier,
    who,
    namespace,
  }: { readonly verb: Verb; readonly tier: Tier; readonly who: string; readonly namespace: string },
): unknown {
  if (!(error instanceof ApiError) || !(forbidden(error) || invalid(error))) return error;
  const said = reasonOf(error);
  if (!forbidden(error)) return new No(`The API server refused it: ${said}.`);
  const missing = said.includes(" may not ") || said.includes(" cannot ");
  return new No(`You (${who}) may not do this: ${said}.`, {
    next: missing ? rolesFor(verb, tier).map((role) => binding(role, who, namespace)) : [],
  });
}

/** Who may not stop an update has another way where they may delete it; without any, it goes no further than an approval. */
export function orDeleted(error: unknown, update: Update, namespace: string): unknown {
  if (!(error instanceof No) || error.next.length === 0) return error;
  const { name, annotations = {} } = update.metadata;
  const author = annotations[AUTHOR_KEY];
  return new No(
    `${error.message} What is not approved does not go on: where an approval is needed, ${shownAs(update)} stops without one.`,
    {
      next: [
        ...error.next,
        `its author${author === undefined ? "" : ` (${author})`}, or whoever else may delete it, stops it and undoes nothing: kubectl delete deployments.ashat.raos.io/${name} -n ${namespace}`,
      ],
      code: error.code,
    },
  );
}

/** Any other request that was refused: which right is missing, and in which role it is. */
export function refusedRequest(
  error: unknown,
  { what, role, namespace }: { readonly what: string; readonly role: string; readonly namespace: string },
): unknown {
  if (!(error instanceof ApiError)) return error;
  const said = reasonOf(error);
  if (unreachable(error)) return new No(error.message, { code: EXIT.trouble });
  if (unauthorized(error))
    return new No("The API server does not know who you are: log in again, or name another kubeconfig or context.", {
      next: ["kubectl auth whoami"],
      code: EXIT.trouble,
    });
  if (forbidden(error)) {
    const [, who = "<you>"] = /User "([^"]+)"/.exec(said) ?? [];
    return new No(
      `${what} is not allowed: ${said}. It needs the role ${role} in namespace ${namespace}, if there is such a namespace: look whether it is typed right.`,
      {
        next: [binding(role, who, namespace)],
      },
    );
  }
  if (notFound(error) && error.details?.name === undefined)
    return new No(
      "The kinds of ASHAT are not known to this cluster: is it the right one, and is ASHAT installed there?",
      {
        next: ["kubectl config current-context", "kubectl apply -f crds/"],
        code: EXIT.trouble,
      },
    );
  return new No(`${what} was refused by the API server: ${said}.`, { code: invalid(error) ? EXIT.no : EXIT.trouble });
}
