import { hostname } from "node:os";
import type { Client } from "../kube/client.ts";
import { ApiError } from "../kube/errors.ts";
import type { KubeObject, Resource } from "../kube/types.ts";

type OwnPod = KubeObject & {
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image?: string }[] };
};

const PODS: Resource<OwnPod> = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };

/** The image of the pod this process runs in: checks run in the same one, so that they always understand each other. */
export async function ownImage(client: Client): Promise<string> {
  const at = { namespace: client.namespace, name: hostname() };
  const pod = await client.find(PODS, at).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  });
  const image = pod?.spec.containers.find(({ name }) => name === "operator")?.image;
  if (image === undefined)
    throw new Error(
      `Which image checks run in is not known: there is no pod ${at.namespace}/${at.name} with a container "operator". Outside of a pod, name the image with --check-image.`,
    );
  return image;
}
