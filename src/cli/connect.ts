import { type Client, createClient } from "../kube/client.ts";
import { loadConfig } from "../kube/config.ts";
import { usage } from "./no.ts";

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
  }).catch((error: NodeJS.ErrnoException) => {
    throw error.path === undefined
      ? error
      : usage(
          `The file ${error.path} that the kubeconfig is, or names, cannot be read (${error.code ?? error.message}).`,
        );
  });
  const client = createClient(connection, { fieldManager: "ashat", userAgent: "ashat-deploy" });
  return as === undefined ? client : client.as(as);
}
