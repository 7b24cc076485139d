import type { Client } from "../../src/kube/client.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { type Flux, startFlux } from "../cluster/flux.ts";
import { issue } from "../cluster/pki.ts";
import { progressLine } from "../cluster/progress.ts";
import { startGitServer } from "./git-server.ts";
import { type GitSync, syncFromGit } from "./git-sync.ts";
import type { World } from "./world.ts";

/** Whoever has them may also write. */
export const CREDENTIALS = { username: "flux", password: "what-flux-reads-with" };

/** The rules for Flux, as they are shipped. */
const RULES = new URL("../../manifests/flux/health-check-exprs.yaml", import.meta.url).pathname;

/** Flux and a Git server beside a cluster. */
export interface Gitops {
  readonly flux: Flux;
  /** A repository that Flux applies to this namespace; `spec` is more of its Kustomization. */
  readonly sync: (namespace: string, name: string, spec?: object) => Promise<GitSync>;
  /** Flux waits for what is applied, by the rules that are shipped and by the command that stands in them. */
  readonly waitByRules: (namespace: string, sync: GitSync) => Promise<void>;
  /** To be called before rooms close: Flux would bring back what is deleted there. */
  readonly stop: () => Promise<void>;
}

/** An operator that is a pod reaches the Git server only by an address of this machine that is `host`. */
export async function startGitops(
  cluster: ClusterAccess,
  client: Client,
  { ca, dir }: Pick<World, "ca" | "dir">,
  host = "127.0.0.1",
): Promise<Gitops> {
  const certificate = await issue(ca, { commonName: "git", ips: [host] });
  const git = await startGitServer({ certificate, credentials: CREDENTIALS, host });
  const syncs: GitSync[] = [];
  try {
    const flux = await startFlux(cluster, dir, (progress) => console.error(progressLine(progress)));
    return {
      flux,
      sync: async (namespace, name, spec) => {
        const sync = await syncFromGit({
          cluster,
          client,
          namespace,
          name,
          repository: await git.repository(namespace),
          caPem: ca.certPem,
          credentials: CREDENTIALS,
          ...(spec !== undefined && { spec }),
        });
        syncs.push(sync);
        return sync;
      },
      waitByRules: async (namespace, { name }) => {
        const patch = ["patch", `kustomizations.kustomize.toolkit.fluxcd.io/${name}`, "-n", namespace];
        await cluster.kubectl([...patch, "--type=merge", `--patch-file=${RULES}`]);
      },
      stop: async () => {
        await Promise.all(syncs.map((sync) => sync.stop()));
        await flux.stop();
        await git.stop();
      },
    };
  } catch (error) {
    await git.stop();
    throw error;
  }
}
