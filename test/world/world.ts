import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { type Ca, createCa } from "../cluster/pki.ts";
import { type Archives, startArchives } from "./archives.ts";
import { type Keys, makeKeys } from "./keys.ts";
import { startTarget, type TargetOptions, type TargetProcesses } from "./target.ts";
import { type Updates, updatesIn } from "./updates.ts";

/** What surrounds an operator: keys, archives, and real servers with their agents, in one namespace. */
export interface World extends Updates {
  readonly namespace: string;
  readonly dir: string;
  readonly ca: Ca;
  readonly keys: Keys;
  readonly archives: Archives;
  readonly target: (
    name: string,
    extra?: Partial<Pick<TargetOptions, "licensed" | "databaseUrl" | "entry">>,
  ) => Promise<TargetProcesses>;
  readonly stop: () => Promise<void>;
}

/** Pods that are real containers reach its servers and agents only by an address of this machine that is `host`. */
export async function startWorld(
  cluster: ClusterAccess,
  namespace: string,
  at: Pick<TargetOptions, "host"> = {},
): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), "ashat-world-"));
  await mkdir(dir, { recursive: true });
  const [ca, keys] = await Promise.all([createCa("ashat test world"), makeKeys(dir)]);
  const archives = await startArchives(dir, ca);
  const client = createClient(await fromKubeconfig(cluster.kubeconfig), {
    fieldManager: "ashat-test",
    userAgent: "ashat-test",
  });
  const targets: TargetProcesses[] = [];
  return {
    ...updatesIn(cluster, client, namespace),
    namespace,
    dir,
    ca,
    keys,
    archives,
    target: async (name, extra = {}) => {
      const started = await startTarget({ namespace, name, dir, ca, keys, ...at, ...extra });
      targets.push(started);
      return started;
    },
    stop: async () => {
      await Promise.all(targets.map((target) => target.stop()));
      await archives.stop();
      await client.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
