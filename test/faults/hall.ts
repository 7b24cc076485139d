import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Client, createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { startWorld, type World } from "../world/world.ts";
import { type FaultProxy, startFaultProxy } from "./proxy.ts";
import { QUICK_IMAGE, SICK } from "./quick-check.ts";

/** What all runs share: a cluster, archives, keys, the fault proxy. */
export interface Hall {
  readonly cluster: ClusterAccess;
  readonly client: Client;
  readonly world: World;
  readonly proxy: FaultProxy;
  /** Of the operator's service account. */
  readonly token: string;
  readonly image: string;
  /** Lets every check of this target fail from now on, or pass again. */
  readonly sicken: (namespace: string, target: string, sick: boolean) => Promise<void>;
  readonly release: (version: string) => Promise<Release>;
  readonly stop: () => Promise<void>;
}
export interface Release {
  readonly version: string;
  readonly url: string;
  readonly sha256: string;
}

export async function openHall(cluster: ClusterAccess): Promise<Hall> {
  const client = createClient(await fromKubeconfig(cluster.kubeconfig), {
    fieldManager: "ashat-test",
    userAgent: "ashat-test",
  });
  const [world, proxy, token] = await Promise.all([
    startWorld(cluster, "default"),
    startFaultProxy(cluster),
    cluster.serviceAccountToken("ashat-system", "ashat"),
    mkdir(SICK, { recursive: true }),
  ]);
  const releases = new Map<string, Promise<Release>>();
  return {
    cluster,
    client,
    world,
    proxy,
    token,
    image: QUICK_IMAGE,
    release: (version) => {
      const known = releases.get(version) ?? world.archives.build({ version });
      releases.set(version, known);
      return known;
    },
    sicken: async (namespace, target, sick) => {
      const mark = join(SICK, `${namespace}.${target}`);
      await (sick ? writeFile(mark, "") : rm(mark, { force: true }));
    },
    stop: async () => {
      await proxy.stop();
      await world.stop();
      await client.close();
    },
  };
}
