import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import type { Health, Offered } from "./argo.ts";

/** The tree in the layout of Argo CD's own repository. */
export const TREE = join(
  dirname(fileURLToPath(import.meta.url)),
  "../../manifests/argocd/resource_customizations/ashat.raos.io",
);

export interface HealthTest {
  readonly healthStatus: Health;
  readonly inputPath: string;
}
export interface DiscoveryTest {
  readonly inputPath: string;
  readonly result: readonly Offered[];
}
export interface ActionTest {
  readonly action: string;
  readonly inputPath: string;
  readonly expectedOutputPath?: string;
  readonly expectedErrorMessage?: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

export const readYaml = async <T>(...path: readonly string[]): Promise<T> =>
  parse(await readFile(join(TREE, ...path), "utf8")) as T;

const WRITES = (process.env["ASHAT_TESTDATA"] ?? "") === "write";

/** Compares a file of the tree with what it should be, or writes it where that is asked for; says what is there. */
export async function kept(path: string, value: object): Promise<unknown> {
  const file = join(TREE, path);
  if (WRITES) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }));
  }
  return existsSync(file) ? readYaml(path) : undefined;
}
