import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { ClusterAccess } from "../cluster/access.ts";
import { compileCache } from "../cluster/compile-cache.ts";
import type { World } from "./world.ts";

const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;

/** What one command of `deploy` said. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Somebody at a shell, whose kubeconfig names the namespace: types a line, as it stands in the docs. */
export type Shell = (line: string) => Promise<Said>;

/** Parts a line as a shell does, for words without anything but single quotes in them. */
const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");

export async function shellOf(
  cluster: ClusterAccess,
  world: Pick<World, "dir" | "ca">,
  user: string,
  namespace: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Shell> {
  const dir = join(world.dir, "shells");
  await mkdir(dir, { recursive: true });
  const [kubeconfig, ca] = [join(dir, `${user}-${namespace}.yaml`), join(dir, "ca.crt")];
  const config = parse(await readFile(await cluster.kubeconfigFor(user), "utf8")) as {
    readonly contexts: { context: { namespace?: string } }[];
  };
  for (const { context } of config.contexts) context.namespace = namespace;
  await writeFile(kubeconfig, stringify(config), { mode: 0o600 });
  await writeFile(ca, world.ca.certPem);
  return (line) => {
    const [program, ...args] = wordsOf(line);
    if (program !== "deploy") throw new Error(`this shell knows deploy only, not ${line}`);
    const all = {
      PATH: process.env["PATH"],
      KUBECONFIG: kubeconfig,
      NODE_EXTRA_CA_CERTS: ca,
      NODE_COMPILE_CACHE: compileCache(cluster),
      ...env,
    };
    return new Promise((resolve) => {
      execFile(process.execPath, [MAIN, ...args], { env: all, timeout: 120_000 }, (error, out, err) => {
        resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, out, err });
      });
    });
  };
}
