import { type Client, createClient } from "../kube/client.ts";
import { loadConfig } from "../kube/config.ts";

/** Which cluster, as whom: the user's own kubeconfig and rights, never more. */
export interface Login {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  /** Act as somebody else; needs the right to. */
  readonly as?: string;
}

export async function connect({ kubeconfig, context, as }: Login): Promise<Client> {
  const connection = await loadConfig({
    env: process.env,
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  });
  const client = createClient(connection, { fieldManager: "ashat", userAgent: "ashat-deploy" });
  return as === undefined ? client : client.as(as);
}
