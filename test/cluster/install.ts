import { readPolicies } from "../../src/controllers/gate.ts";
import { createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import type { ClusterAccess } from "./access.ts";
import { untilEstablished } from "./established.ts";
import { until } from "./until.ts";

const at = (path: string): string => new URL(`../../${path}`, import.meta.url).pathname;

export interface Installation {
  readonly namespace?: string;
  readonly signal?: AbortSignal;
  /** Who writes the stamps: the client where the API server is older than 1.36. */
  readonly stamps?: "ApiServer" | "Client";
}

/** Applies what an installation applies, from the generated files as they stand, and returns when the policies are in force. */
export async function install(
  cluster: ClusterAccess,
  { namespace = "default", signal, stamps = "ApiServer" }: Installation = {},
): Promise<void> {
  await cluster.kubectl(["apply", "--server-side", "--validate=strict", "-f", at("crds")]);
  await untilEstablished(cluster, [at("crds")]);
  const files = ["namespace", "rbac", stamps === "ApiServer" ? "policies" : "policies-before-1.36"].map(
    (name) => `--filename=${at(`manifests/${name}.yaml`)}`,
  );
  await cluster.kubectl(["apply", "--validate=strict", ...files]);
  await untilPoliciesInForce(cluster, namespace, signal);
}

/** A policy takes effect some seconds after it is stored; asked as the operator, which is who will ask. */
export async function untilPoliciesInForce(
  cluster: ClusterAccess,
  namespace = "default",
  signal?: AbortSignal,
): Promise<void> {
  const connection = await fromKubeconfig(await cluster.kubeconfigForServiceAccount("ashat-system", "ashat"));
  const operator = createClient(connection, { fieldManager: "ashat", userAgent: "ashat-test" });
  try {
    await until(
      "the admission policies are in force",
      async () => {
        const seen = await readPolicies(operator, namespace, signal);
        if (seen.state === "NotInForce") throw new Error(seen.message);
        return true;
      },
      signal === undefined ? {} : { signal },
    );
  } finally {
    await operator.close();
  }
}
