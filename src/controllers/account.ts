import { OPERATOR_ACCOUNT, OPERATOR_NAMESPACE } from "../api/group.ts";
import type { Client } from "../kube/client.ts";
import { ApiError } from "../kube/errors.ts";
import { whoAmI } from "../kube/whoami.ts";

const ACCOUNT = OPERATOR_ACCOUNT.split(":").at(-1) ?? "";

/** How somebody who may make tokens for it gets a kubeconfig of the operator's account, and of nobody else. */
const RECIPE = [
  "kubectl config view --minify --flatten > operator.kubeconfig",
  "kubectl --kubeconfig operator.kubeconfig config unset users",
  `kubectl --kubeconfig operator.kubeconfig config set-credentials ${ACCOUNT} --token "$(kubectl create token ${ACCOUNT} -n ${OPERATOR_NAMESPACE} --duration 8h)"`,
  `kubectl --kubeconfig operator.kubeconfig config set-context --current --user ${ACCOUNT}`,
];

/** Another account may be able to lead, but not to write a status: it would keep out the operators that can. */
export async function mustBeOperator(client: Client): Promise<void> {
  const account = await whoAmI(client).catch((error: unknown) => {
    // Who cannot be asked now is met again by everything else that asks.
    if (error instanceof ApiError) return OPERATOR_ACCOUNT;
    throw error;
  });
  if (account === OPERATOR_ACCOUNT) return;
  throw new Error(
    `The operator would act as ${account}, and the policies let only ${OPERATOR_ACCOUNT} write status and records. ` +
      `Give it a kubeconfig of that account with --kubeconfig; whoever administers the cluster makes one:\n\n  ${RECIPE.join("\n  ")}`,
  );
}
