import type { Right } from "../../src/api/rbac.ts";
import type { Client } from "../../src/kube/client.ts";
import { until } from "./until.ts";

interface Asking {
  readonly user: string;
  readonly groups?: readonly string[];
  readonly right: Right;
}

const isAllowed = async (client: Client, { user, groups = [], right }: Asking): Promise<boolean> => {
  const answer = JSON.parse(
    await client.raw("/apis/authorization.k8s.io/v1/subjectaccessreviews", {
      method: "POST",
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SubjectAccessReview",
        spec: { user, groups, resourceAttributes: right },
      },
    }),
  ) as { readonly status?: { readonly allowed?: boolean } };
  return answer.status?.allowed === true;
};

/** A binding that is stored holds as soon as the authorizer has heard of it, which is moments later where the machine has much to do. */
export const untilAllowed = async (client: Client, all: readonly Asking[]): Promise<void> => {
  for (const one of all)
    await until(`${one.user} may ${one.right.verb} ${one.right.resource}`, () => isAllowed(client, one));
};
