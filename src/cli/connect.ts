import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { type Client, createClient } from "../kube/client.ts";
import { loadConfig } from "../kube/config.ts";
import { type No, usage } from "./no.ts";

/** Which cluster, as whom: the user's own kubeconfig and rights, never more. */
export interface Login {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  /** Act as somebody else; needs the right to. */
  readonly as?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

export async function connect({ kubeconfig, context, as }: Login, env: Environment = process.env): Promise<Client> {
  try {
    const connection = await loadConfig({
      env,
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
    });
    const client = createClient(connection, { fieldManager: "ashat", userAgent: "ashat-deploy" });
    return as === undefined ? client : client.as(as);
  } catch (error) {
    throw unusable(error, fileOf(kubeconfig, env));
  }
}

/** The kubeconfig that was read, in the order in which it is looked for. */
function fileOf(named: string | undefined, env: Environment): string | undefined {
  const listed = env["KUBECONFIG"] ?? "";
  const places = listed === "" ? [join(env["HOME"] ?? homedir(), ".kube", "config")] : listed.split(delimiter);
  return named ?? places.find((path) => path !== "" && existsSync(path));
}

/** What is wrong with the way to the cluster, in which file, and how another one is named. */
export function unusable(error: unknown, file: string | undefined): No {
  const another = "name another one with --kubeconfig <file>";
  const { message, code, path }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  if (file === undefined) return usage(`${message.replace(/[.]$/, "")}: --kubeconfig <file> names one.`);
  if (path !== undefined && path !== file)
    return usage(`The file ${path} that the kubeconfig ${file} names cannot be read (${code ?? message}).`);
  if (code === "ERR_INVALID_URL")
    return usage(`The kubeconfig ${file} cannot be used: the server of its cluster is no address; ${another}.`);
  if (code !== undefined)
    return usage(`The kubeconfig ${file} cannot be read (${code.startsWith("ERR_") ? message : code}); ${another}.`);
  return usage(message.includes(file) ? message : `The kubeconfig ${file} cannot be used: ${message}`);
}
