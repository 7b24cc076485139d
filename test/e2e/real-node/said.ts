import { expect } from "vitest";
import type { startRealCluster } from "../../cluster/real-node.ts";

export type Node = Awaited<ReturnType<typeof startRealCluster>>;

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName: string };
  readonly status: {
    readonly containerStatuses: readonly {
      readonly containerID: string;
      readonly state: { readonly terminated?: { readonly exitCode: number; readonly message?: string } };
    }[];
  };
}

/** What each container of the Jobs of a namespace said at its end, of pods that the containerd of the node knows, too. */
export const saidByPods = async ({ cluster, node }: Node, namespace: string): Promise<readonly string[]> => {
  const { items } = JSON.parse(
    (await cluster.kubectl(["get", "pods", "--selector=job-name", "-n", namespace, "-o", "json"])).stdout,
  ) as {
    readonly items: readonly Pod[];
  };
  const containers = items.flatMap(({ metadata, spec, status }) =>
    status.containerStatuses.map(({ containerID, state }) => ({ pod: metadata.name, spec, containerID, state })),
  );
  return Promise.all(
    containers.map(async ({ pod, spec, containerID, state }) => {
      expect(spec.nodeName).toBe(node.name);
      const info = JSON.parse(await node.ctr("containers", "info", containerID.replace("containerd://", ""))) as object;
      expect(info).toMatchObject({
        Image: "docker.io/library/ashat:test",
        Labels: { "io.kubernetes.pod.namespace": namespace, "io.kubernetes.pod.name": pod },
      });
      expect(state.terminated).toMatchObject({ exitCode: 0 });
      return state.terminated?.message ?? "";
    }),
  );
};
