import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LABEL } from "../../src/api/group.ts";
import type { RecordSpec } from "../../src/api/record.ts";
import { createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import { DEPLOYMENTS, type Raw, RECORDS } from "../../src/controllers/kinds.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { type Ca, createCa } from "../cluster/pki.ts";
import { until, type Patience } from "../cluster/until.ts";
import type { DeploymentStatus } from "../../src/api/deployment.ts";
import { type Archives, startArchives } from "./archives.ts";
import { type Keys, makeKeys } from "./keys.ts";
import { startTarget, type TargetOptions, type TargetProcesses } from "./target.ts";

/** What surrounds an operator: keys, archives, and real servers with their agents, in one namespace. */
export interface World {
  readonly namespace: string;
  readonly dir: string;
  readonly ca: Ca;
  readonly keys: Keys;
  readonly archives: Archives;
  readonly target: (name: string, extra?: Partial<Pick<TargetOptions, "licensed" | "databaseUrl">>) => Promise<TargetProcesses>;
  readonly apply: (...objects: readonly object[]) => Promise<void>;
  readonly update: (name: string) => Promise<Raw<unknown, DeploymentStatus>>;
  /** Its chain as it is stored, in order. */
  readonly records: (name: string) => Promise<readonly RecordSpec[]>;
  /** Waits until the status of an update says what is hoped for; where it does not, the error has the last one. */
  readonly untilUpdate: (name: string, hope: (status: DeploymentStatus) => boolean, patience?: Patience) => Promise<DeploymentStatus>;
  readonly stop: () => Promise<void>;
}

export async function startWorld(cluster: ClusterAccess, namespace: string): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), "ashat-world-"));
  await mkdir(dir, { recursive: true });
  const [ca, keys] = await Promise.all([createCa("ashat test world"), makeKeys(dir)]);
  const archives = await startArchives(dir, ca);
  const client = createClient(await fromKubeconfig(cluster.kubeconfig), { fieldManager: "ashat-test", userAgent: "ashat-test" });
  const targets: TargetProcesses[] = [];
  const update = (name: string) => client.get(DEPLOYMENTS, { namespace, name }) as Promise<Raw<unknown, DeploymentStatus>>;
  return {
    namespace,
    dir,
    ca,
    keys,
    archives,
    update,
    records: async (name) => {
      const { uid } = (await update(name)).metadata;
      const { items } = await client.list(RECORDS, { namespace, labelSelector: `${LABEL.deploymentUid}=${uid}` });
      return items.map(({ spec }) => spec).sort((a, b) => a.seq - b.seq);
    },
    target: async (name, extra = {}) => {
      const started = await startTarget({ namespace, name, dir, ca, keys, ...extra });
      targets.push(started);
      return started;
    },
    apply: async (...objects) => {
      await cluster.kubectl(["apply", "-f", "-"], { stdin: JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }) });
    },
    untilUpdate: async (name, hope, patience) => {
      let last: DeploymentStatus | undefined;
      return until(
        `update ${name} is as hoped`,
        async () => {
          last = (await update(name)).status ?? {};
          if (hope(last)) return last;
          throw new Error(`it is ${JSON.stringify({ ...last, token: undefined }, null, 1)}`);
        },
        { timeoutMs: 60_000, everyMs: 200, ...patience },
      );
    },
    stop: async () => {
      await Promise.all(targets.map((target) => target.stop()));
      await archives.stop();
      await client.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
