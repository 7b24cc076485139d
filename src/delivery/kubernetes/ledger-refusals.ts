import type { LayerId } from "./ledger-name.ts";
import { Refusal } from "./refusal.ts";

export const ownedByAnother = (owner: string, app: string) =>
  new Refusal(
    409,
    "OwnedByAnother",
    `Server ${owner} delivers ${app} to that namespace under the same name; one of the two Servers names another spec.kubernetes.namespace.`,
  );

/** What is said of a Secret that is no ledger to believe, of its name and namespace. */
export const ledgerRefusals = ({ name, namespace = "" }: { readonly name: string; readonly namespace?: string }) => {
  const what = `Secret ${namespace}/${name}, in which is written what was delivered there,`;
  const mend = `kubectl delete secret ${name} -n ${namespace}`;
  return {
    damaged: () =>
      new Refusal(
        409,
        "LedgerDamaged",
        `${what} cannot be read; restore it from a backup, or delete it and remove by hand what should not run there any more.`,
      ),
    unproven: () =>
      new Refusal(
        409,
        "LedgerUnproven",
        `${what} was not written with the order key of this operator, and nothing of it is believed: somebody who may write Secrets there made or changed it, or that key was replaced since. Whoever administers namespace ${namespace} finds out who may write Secrets there, then deletes it (${mend}) and what should not run there any more, and the update is delivered again.`,
      ),
    misplaced: ({ target, app, layer }: LayerId) =>
      new Refusal(
        409,
        "LedgerMisplaced",
        `${what} is of app ${app}, layer ${layer}, on server ${target}, but its labels say something else. Whoever changed them puts them back; or whoever administers namespace ${namespace} deletes it (${mend}) and what should not run there any more, and the update is delivered again.`,
      ),
  };
};
