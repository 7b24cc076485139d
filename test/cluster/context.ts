import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { accessTo } from "./access.ts";
import type { Cluster } from "./cluster.ts";
import { removeAtDeath } from "./guard.ts";
import { runKubectl } from "./kubectl.ts";

interface Minified {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly "certificate-authority-data"?: string };
  }[];
}

/** Uses a running cluster that somebody named on purpose. It is not ours: nothing of it is started, stopped or read from disk. */
export const useContext = async (context: string, kubectl: string, wantedDir?: string): Promise<Cluster> => {
  const dir = wantedDir ?? (await mkdtemp(join(tmpdir(), "ashat-cluster-")));
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if (wantedDir === undefined) removeAtDeath(dir);
  const kubeconfig = join(dir, "admin.yaml");
  // Plain kubectl, because it knows all the places a kubeconfig may be in.
  const { stdout } = await promisify(execFile)(kubectl, [
    "config",
    "view",
    "--minify",
    "--flatten",
    "--raw",
    `--context=${context}`,
  ]);
  await writeFile(kubeconfig, stdout, { mode: 0o600 });
  const place = (parse(stdout) as Minified).clusters[0]?.cluster;
  if (place === undefined)
    throw new Error(`ASHAT_TEST_CONTEXT=${context} names no cluster: see kubectl config get-contexts`);
  await runKubectl(kubectl, kubeconfig, ["get", "--raw", "/readyz"]);
  const caPem = Buffer.from(place["certificate-authority-data"] ?? "", "base64").toString("utf8");
  const notOurs = async (): Promise<never> => {
    throw new Error(
      `the API server of context ${context} is not ours to stop: unset ASHAT_TEST_CONTEXT for tests that do`,
    );
  };
  return {
    ...accessTo({ dir, server: place.server, caPem, kubeconfig, kubectlPath: kubectl }),
    owned: false,
    stop: async () => {
      if (wantedDir === undefined) await rm(dir, { recursive: true, force: true });
    },
    stopApiServer: notOurs,
    startApiServer: notOurs,
    restartApiServer: notOurs,
    remember: notOurs,
  };
};
