import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import { watch } from "../../src/kube/watch.ts";
import type { ClusterAccess } from "./access.ts";
import { keepNode } from "./node.ts";
import { type Pod, PODS } from "./pod.ts";
import { type Images, runPod, type PodRun } from "./podrun.ts";
import { stamp } from "./containerrun.ts";
import { until } from "./until.ts";

export interface NodeOptions {
  readonly cluster: ClusterAccess;
  readonly images: Images;
  readonly name?: string;
}

export interface TestNode {
  readonly name: string;
  /** What the container of a pod wrote to its output. */
  readonly log: (pod: { readonly uid: string }, container: string) => Promise<string>;
  /** As a machine that is switched off: its processes end, nobody is told. */
  readonly stop: () => Promise<void>;
}

/** A pod that runs here and that nobody here started: the stand-in was restarted, and its processes died with it. */
const lost = (pod: Pod): boolean => pod.status?.phase === "Running";

const isFinished = (pod: Pod): boolean => pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

/**
 * A small stand-in for the kubelet, for machines without root and without a container runtime. It is NOT a kubelet and isolates nothing: it is
 * the node `stand-in` of a real control plane and runs the containers of the pods bound to it as local child processes, by a given table from
 * image to command. It logs in as a node (Node authorizer, NodeRestriction), renews its Lease, writes the states that a kubelet writes, and
 * refuses (pod Failed, reason StandInUnsupported) what it does not do. `startNode` is the seam: a real kubelet takes its place there.
 */
export const startNode = async ({ cluster, images, name = "stand-in" }: NodeOptions): Promise<TestNode> => {
  const kubeconfig = await cluster.kubeconfigFor(`system:node:${name}`, ["system:nodes"]);
  const client = createClient(await fromKubeconfig(kubeconfig), {
    fieldManager: "stand-in",
    userAgent: "stand-in-for-the-kubelet",
  });
  const dir = join(cluster.dir, `node-${name}`);
  await mkdir(dir, { recursive: true });
  const off = new AbortController();
  const runs = new Map<string, PodRun>();
  const trouble = (error: unknown): void => console.error(`stand-in ${name}:`, error);

  const failLost = (pod: Pod): Promise<unknown> => {
    const terminated = {
      exitCode: 137,
      reason: "ContainerStatusUnknown",
      message: "the node was restarted while this ran",
      finishedAt: stamp(),
    };
    const containerStatuses = (pod.status?.containerStatuses ?? []).map((status) => ({
      ...status,
      ready: false,
      started: false,
      state: { terminated },
    }));
    return client.mergePatch(
      PODS,
      pod.metadata,
      { status: { phase: "Failed", containerStatuses } },
      { subresource: "status" },
    );
  };

  const onPod = (pod: Pod): void => {
    const { uid, deletionTimestamp } = pod.metadata;
    let run = runs.get(uid);
    if (!run && isFinished(pod)) {
      if (deletionTimestamp !== undefined)
        client.remove(PODS, pod.metadata, { gracePeriodSeconds: 0, uid }).catch(trouble);
      return;
    }
    if (!run && lost(pod)) {
      failLost(pod).catch(trouble);
      return;
    }
    if (!run) {
      run = runPod(pod, { client, images, dir });
      runs.set(uid, run);
    }
    run.seen(pod);
    if (deletionTimestamp !== undefined) run.terminate();
  };

  const forget = (uid: string): void => {
    runs.get(uid)?.drop().catch(trouble);
    runs.delete(uid);
  };

  const watchPods = async (): Promise<void> => {
    let present: Set<string> | undefined;
    for await (const event of watch(client, PODS, {
      fieldSelector: `spec.nodeName=${name}`,
      signal: off.signal,
      random: Math.random,
    })) {
      if (event.type === "listing") present = new Set();
      else if (event.type === "put") {
        present?.add(event.object.metadata.uid);
        onPod(event.object);
      } else if (event.type === "gone") forget(event.object.metadata.uid);
      else if (event.type === "listed") {
        for (const uid of runs.keys()) if (present?.has(uid) === false) forget(uid);
        present = undefined;
      }
    }
  };

  const kept = keepNode(client, name, off.signal, trouble);
  const watched = watchPods().catch(trouble);
  await until(`node ${name} is registered`, () => kept.registered(), { signal: off.signal });
  return {
    name,
    log: (pod, container) => readFile(join(dir, pod.uid, `${container}.log`), "utf8"),
    stop: async () => {
      off.abort();
      await Promise.all([...runs.values()].map((run) => run.drop()));
      await Promise.all([kept.ended, watched]);
      await client.close();
    },
  };
};
