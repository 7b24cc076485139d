import { join } from "node:path";
import type { ClusterAccess } from "../cluster/access.ts";
import { type Guarded, startGuarded } from "../cluster/guard.ts";
import { freePorts } from "../cluster/ports.ts";
import { until } from "../cluster/until.ts";
import { compileCache } from "../cluster/compile-cache.ts";
import type { Keys } from "./keys.ts";

/** The image of the checks, as the nodes of these tests know it. */
export const CHECK_IMAGE = "ashat:test";

export interface OperatorSettings {
  readonly flags?: readonly string[];
  /** Through which address it reaches the API server; its own by default. */
  readonly kubeconfig?: string;
  readonly image?: string;
  /** The program it is of; our sources by default. */
  readonly entry?: string;
}

export type OperatorProcess = Guarded & { readonly healthPort: number };

/** The operator as a process of its own, as the service account it has in an installation; it returns when the process runs. */
export async function launchOperator(
  cluster: ClusterAccess,
  keys: Keys,
  dir: string,
  settings: OperatorSettings = {},
): Promise<OperatorProcess> {
  const kubeconfig = settings.kubeconfig ?? (await cluster.kubeconfigForServiceAccount("ashat-system", "ashat"));
  const [healthPort = 0] = await freePorts(1);
  const operator = await startGuarded({
    name: "operator",
    command: process.execPath,
    args: [
      settings.entry ?? new URL("../../src/main.ts", import.meta.url).pathname,
      "operator",
      `--kubeconfig=${kubeconfig}`,
      `--order-key=${keys.orderKey}`,
      `--licence-keys=${keys.licenceKeys}`,
      `--check-image=${settings.image ?? CHECK_IMAGE}`,
      `--health-port=${healthPort}`,
      "--log-level=debug",
      // Everything of these tests is on this machine.
      "--allow-address=127.0.0.0/8",
      ...(settings.flags ?? []),
    ],
    logFile: join(dir, "operator.log"),
    env: { PATH: process.env["PATH"], NODE_COMPILE_CACHE: compileCache(cluster) },
  });
  return { ...operator, healthPort };
}

export const untilOperatorReady = ({ healthPort }: OperatorProcess): Promise<boolean> =>
  until("the operator is ready", async () => (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).ok);

/** The same, and it returns when every kind is listed. */
export async function startOperator(
  cluster: ClusterAccess,
  keys: Keys,
  dir: string,
  settings: OperatorSettings = {},
): Promise<OperatorProcess> {
  const operator = await launchOperator(cluster, keys, dir, settings);
  await untilOperatorReady(operator);
  return operator;
}

/** An operator that was killed keeps its lease for a while; where it is known to be dead nobody need wait. */
export const forgetLease = async (cluster: ClusterAccess): Promise<void> => {
  await cluster.kubectl(["delete", "lease", "ashat-operator", "-n", "ashat-system", "--ignore-not-found"]);
};
