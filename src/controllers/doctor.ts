import { KINDS } from "../api/crds.ts";
import { GROUP, OPERATOR_NAMESPACE } from "../api/group.ts";
import { OPERATOR_RIGHTS, type Right } from "../api/rbac.ts";
import type { Client } from "../kube/client.ts";
import { pause } from "../kube/pause.ts";
import type { KubeObject, Resource } from "../kube/types.ts";
import { LEASES } from "../runtime/lease.ts";
import { readPolicies } from "./gate.ts";

/** What an installation needs, one by one, asked as the operator's account. */

export interface Finding {
  readonly about: "kinds" | "rights" | "policies" | "leader";
  readonly ok: boolean;
  /** What is, or what is wrong and who can mend it. */
  readonly sentence: string;
}

type Crd = KubeObject & {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
};
const CRDS: Resource<Crd> = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

const RESTORE = "a cluster administrator installs the chart again, or runs kubectl apply --server-side -k manifests";

async function kinds(client: Client): Promise<Finding> {
  const served = await Promise.all(
    KINDS.map(async ({ plural }) => {
      const found = await client.find(CRDS, { name: `${plural}.${GROUP}` });
      return found?.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") === true
        ? []
        : [`${plural}.${GROUP}`];
    }),
  );
  const missing = served.flat();
  return missing.length === 0
    ? { about: "kinds", ok: true, sentence: `${KINDS.length} kinds are served` }
    : { about: "kinds", ok: false, sentence: `${missing.join(", ")} is not served: ${RESTORE}` };
}

const isAllowed = async (client: Client, right: Right): Promise<boolean> => {
  const answer = JSON.parse(
    await client.raw("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
      method: "POST",
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: right },
      },
    }),
  ) as { readonly status?: { readonly allowed?: boolean } };
  return answer.status?.allowed === true;
};

const written = ({ verb, resource, group, subresource }: Right): string =>
  `${verb} ${resource}${group === "" ? "" : `.${group}`}${subresource === undefined ? "" : `/${subresource}`}`;

async function rights(client: Client): Promise<Finding> {
  const asked = await Promise.all(
    OPERATOR_RIGHTS.map(async (right) => ((await isAllowed(client, right)) ? [] : [written(right)])),
  );
  const missing = asked.flat();
  return missing.length === 0
    ? { about: "rights", ok: true, sentence: "the operator has all its rights" }
    : { about: "rights", ok: false, sentence: `the operator may not ${missing.join(", ")}: ${RESTORE}` };
}

async function policies(client: Client): Promise<Finding> {
  const seen = await readPolicies(client, OPERATOR_NAMESPACE);
  return seen.state === "InForce"
    ? {
        about: "policies",
        ok: true,
        sentence: `a forged approval is refused; who acts is stamped by ${seen.stamps === "ApiServer" ? "the API server" : "the client and checked"}`,
      }
    : { about: "policies", ok: false, sentence: seen.state === "NotInForce" ? seen.message : "nobody asked" };
}

/** Renewed while we look on: clocks of other machines are not compared. */
async function leader(client: Client, sawBefore: Map<string, string>): Promise<Finding> {
  const lease = await client.find(LEASES, { namespace: OPERATOR_NAMESPACE, name: "ashat-operator" });
  const holder = lease?.spec?.holderIdentity ?? "";
  const renewed = lease?.spec?.renewTime ?? "";
  const before = sawBefore.get(holder);
  sawBefore.set(holder, renewed);
  if (holder === "") return { about: "leader", ok: false, sentence: `no operator leads: ${SEE_PODS}` };
  return before !== undefined && before !== renewed
    ? { about: "leader", ok: true, sentence: `${holder.split("_")[0] ?? holder} leads` }
    : { about: "leader", ok: false, sentence: `${holder} led and does not renew its lease: ${SEE_PODS}` };
}

const SEE_PODS = `kubectl get pods -n ${OPERATOR_NAMESPACE} says how the operators are`;

const EVERY_MS = 1000;

/** Looks until all is well or the time is up; a policy takes effect some seconds after it is stored, a first leader takes some to be one. */
export async function examine(client: Client, deadline: AbortSignal): Promise<readonly Finding[]> {
  const saw = new Map<string, string>();
  for (;;) {
    const findings = await Promise.all([kinds(client), rights(client), policies(client), leader(client, saw)]);
    if (findings.every(({ ok }) => ok) || deadline.aborted) return findings;
    await pause(EVERY_MS, deadline).catch(() => {});
  }
}
