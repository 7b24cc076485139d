import { OPERATOR_ACCOUNT } from "../api/group.ts";
import { forbidden } from "../kube/errors.ts";

/** Why this login cannot ask as the operator's account, and which one can; any other error is left as it is. */
export const needsAdministrator = (error: unknown, who: string): unknown =>
  forbidden(error)
    ? new Error(
        `ashat doctor asks as the operator's account, and ${who === "" ? "this login" : who} may not impersonate ${OPERATOR_ACCOUNT}: that needs a cluster administrator. ` +
          "Ask one to run it, or choose a login of one: ashat doctor --context <name> takes another context (kubectl config get-contexts lists them), " +
          "--kubeconfig <file> another kubeconfig.",
        { cause: error },
      )
    : error;
