import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "../../src/kube/client.ts";
import { alreadyExists } from "../../src/kube/errors.ts";
import type { KubeObject, Resource } from "../../src/kube/types.ts";
import { stamp } from "./containerrun.ts";

const NODES: Resource = { group: "", version: "v1", plural: "nodes", kind: "Node", namespaced: false };
const LEASES: Resource = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
};

// A node whose Lease is older than 40 s is tainted, and what was planned for it never runs.
const RENEW_MS = 10_000;
const LEASE_SECONDS = 40;

/** Lease times have six digits after the second; others are refused. */
const microStamp = (): string => new Date().toISOString().replace("Z", "000Z");

const condition = (type: string, status: "True" | "False", reason: string) => ({
  type,
  status,
  reason,
  message: "this is the stand-in for a kubelet: it runs containers as local processes",
  lastHeartbeatTime: stamp(),
  lastTransitionTime: stamp(),
});

const nodeStatus = (name: string) => {
  const room = { cpu: "64", memory: "256Gi", "ephemeral-storage": "100Gi", pods: "1000" };
  return {
    capacity: room,
    allocatable: room,
    addresses: [
      { type: "InternalIP", address: "127.0.0.1" },
      { type: "Hostname", address: name },
    ],
    conditions: [
      condition("Ready", "True", "StandInReady"),
      condition("MemoryPressure", "False", "StandIn"),
      condition("DiskPressure", "False", "StandIn"),
      condition("PIDPressure", "False", "StandIn"),
    ],
    nodeInfo: {
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      operatingSystem: "linux",
      osImage: "stand-in (local processes, no containers)",
      containerRuntimeVersion: "stand-in://0",
      kubeletVersion: "v0.0.0-stand-in",
      kubeProxyVersion: "",
      kernelVersion: "",
      machineID: "",
      systemUUID: "",
      bootID: "",
    },
  };
};

export interface KeptNode {
  readonly registered: () => boolean;
  readonly ended: Promise<void>;
}

/** Registers the node and renews its Lease until the signal; after a fault it simply does so again. */
export const keepNode = (
  client: Client,
  name: string,
  signal: AbortSignal,
  trouble: (error: unknown) => void,
): KeptNode => {
  let node: KubeObject | undefined;
  const labels = { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "stand-in": "kubelet" };
  const register = async (): Promise<KubeObject> => {
    const made = await client.create(NODES, { metadata: { name, labels } }, { signal }).catch((error: unknown) => {
      if (alreadyExists(error)) return client.get(NODES, { name }, { signal });
      throw error;
    });
    await client.mergePatch(NODES, { name }, { status: nodeStatus(name) }, { subresource: "status", signal });
    return made;
  };
  const renew = (owner: KubeObject): Promise<unknown> =>
    client.apply(
      LEASES,
      {
        metadata: {
          name,
          namespace: "kube-node-lease",
          ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid: owner.metadata.uid }],
        },
        spec: { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime: microStamp() },
      },
      { force: true, signal },
    );
  const keep = async (): Promise<void> => {
    while (!signal.aborted) {
      let again = RENEW_MS;
      try {
        const known = node ?? (await register());
        await renew(known);
        node = known;
      } catch (error) {
        if (!signal.aborted) trouble(error);
        again = 1000;
      }
      await pause(again, undefined, { signal }).catch(() => {});
    }
  };
  return { registered: () => node !== undefined, ended: keep() };
};
