import { access, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Connection } from "./connection.ts";
import { fromKubeconfig } from "./kubeconfig.ts";
import { tokenFile } from "./token.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A pod's own service account; `folder` is where the kubelet mounts it. */
export const inCluster = async (host: string, port: string, folder = ACCOUNT): Promise<Connection> => {
  const ca = await readFile(join(folder, "ca.crt"), "utf8");
  const namespace = (await readFile(join(folder, "namespace"), "utf8")).trim();
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    tls: { ca },
    authorization: tokenFile(join(folder, "token")),
    namespace,
  };
};

/** The kubeconfig named, else $KUBECONFIG (its first file that exists), else ~/.kube/config, else the pod's service account. */
export const loadConfig = async (from: {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly env: Environment;
}): Promise<Connection> => {
  const { env, context } = from;
  if (from.kubeconfig !== undefined) return fromKubeconfig(from.kubeconfig, context);
  const listed = env["KUBECONFIG"];
  if (listed !== undefined && listed !== "") {
    for (const path of listed.split(delimiter))
      if (path !== "" && (await exists(path))) return fromKubeconfig(path, context);
    // Falling through could address another cluster than the one meant.
    throw new Error(`KUBECONFIG names ${listed}, but no such file exists; correct it or unset it.`);
  }
  const home = env["HOME"];
  const usual = home === undefined ? undefined : join(home, ".kube", "config");
  if (usual !== undefined && (await exists(usual))) return fromKubeconfig(usual, context);
  const host = env["KUBERNETES_SERVICE_HOST"];
  if (host !== undefined && host !== "") return inCluster(host, env["KUBERNETES_SERVICE_PORT"] ?? "443");
  throw new Error("No cluster is configured; name a kubeconfig file, set KUBECONFIG, or run inside a pod.");
};
