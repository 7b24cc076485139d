import type { TestProject } from "vitest/node";
import { OPERATOR_RIGHTS } from "../../src/api/rbac.ts";
import { rememberRights, usedRights } from "./rights.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { compileCache } from "./compile-cache.ts";
import { BUNDLED_IMAGE, bundledProgram } from "./bundled.ts";
import { install } from "./install.ts";
import { QUICK_IMAGE, quickCheck } from "../faults/quick-check.ts";
import { startNode, type TestNode } from "./kubelet.ts";
import type { Images } from "./podrun.ts";
import { progressLine } from "./progress.ts";
import type { Shared } from "./shared.ts";

interface Running {
  readonly cluster: Cluster;
  readonly node: TestNode | undefined;
}

const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;

/** The images of the shared cluster; `ashat:mute` is a runner that ends well and writes no document, `ashat:bundled` is there once it is bundled. */
const imagesFor = (cluster: Cluster): Images => ({
  "ashat:test": ["/usr/bin/env", `NODE_COMPILE_CACHE=${compileCache(cluster)}`, process.execPath, MAIN],
  [BUNDLED_IMAGE]: [process.execPath, bundledProgram(cluster)],
  "ashat:mute": ["/bin/sh", "-c", "exit 0"],
  [QUICK_IMAGE]: quickCheck,
});

interface Place {
  users: number;
  readonly running: Promise<Running>;
}

// Every project runs this file by itself, in one process; a cluster is shared, so it hangs on the process. Tests with an operator have one
// of their own: what the others write would be judged and answered by it.
const places = globalThis as { ashatClusters?: Map<string, Place> };

const start = async (): Promise<Running> => {
  const cluster = await startCluster({
    auditLog: true,
    onProgress: (progress) => console.error(progressLine(progress)),
  });
  try {
    await install(cluster);
    // A cluster that is not ours has nodes of its own.
    const node = cluster.owned ? await startNode({ cluster, images: imagesFor(cluster) }) : undefined;
    return { cluster, node };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
};

/** Starts the shared cluster with the product's kinds and policies for the first project that needs it, and ends it after the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const name = project.name === "e2e" ? "with an operator" : "without";
  const clusters = (places.ashatClusters ??= new Map());
  const shared: Place = clusters.get(name) ?? { users: 0, running: start() };
  clusters.set(name, shared);
  shared.users += 1;
  const { cluster, node } = await shared.running;
  const coordinates: Shared = {
    dir: cluster.dir,
    server: cluster.server,
    caPem: cluster.caPem,
    kubeconfig: cluster.kubeconfig,
    kubectlPath: cluster.kubectlPath,
    ...(cluster.caFile === undefined ? {} : { caFile: cluster.caFile }),
    ...(cluster.auditLog === undefined ? {} : { auditLog: cluster.auditLog }),
    owned: cluster.owned,
    ...(node ? { nodeName: node.name } : {}),
  };
  project.provide("cluster", coordinates);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    clusters.delete(name);
    if (cluster.owned) rememberRights(usedRights(await cluster.auditEvents(), OPERATOR_RIGHTS));
    await node?.stop();
    await cluster.stop();
  };
}
