import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { accessTo, type ClusterAccess, type Coordinates } from "./access.ts";

/** The cluster that all tests of a run share, as data. */
export interface Shared extends Coordinates {
  readonly owned: boolean;
  /** The stand-in that runs pods; absent where the cluster is somebody's and has nodes of its own. */
  readonly nodeName?: string;
}

declare module "vitest" {
  interface ProvidedContext {
    cluster: Shared;
  }
}

/** The running cluster, with the product's kinds and policies installed. Tests that stop the API server or change a policy start their own. */
export const sharedCluster = (): ClusterAccess & Shared => {
  const shared = inject("cluster");
  return { ...shared, ...accessTo(shared) };
};

/** A namespace of its own for a test file, under restricted Pod Security so that a Job which would be refused there is refused here. */
export const newNamespace = async (cluster: ClusterAccess, prefix: string): Promise<string> => {
  const name = `${prefix}-${randomBytes(3).toString("hex")}`;
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await cluster.kubectl(["create", "-f", "-"], {
    stdin: JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } }),
  });
  return name;
};

/** Why a test that needs a control plane of ours is skipped here, if it is. */
export const notOwned = (cluster: { readonly owned: boolean }): string | undefined =>
  cluster.owned ? undefined : "needs a control plane that tests may stop: unset ASHAT_TEST_CONTEXT";
