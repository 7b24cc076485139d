import { type Client, createClient } from "../kube/client.ts";
import { loadConfig } from "../kube/config.ts";

/** Which cluster, as whom: the user's own kubeconfig and rights, never more. */
export interface Login {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

export async function connect({ kubeconfig, context }: Login): Promise<Client> {
  const connection = await loadConfig({
    env: process.env,
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  });
  return createClient(connection, { fieldManager: "ashat", userAgent: "ashat-deploy" });
}
