import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export interface Context {
  readonly query: (sql: string) => Promise<readonly unknown[]>;
}

export interface RaosModule {
  readonly name: string;
  readonly version: string;
  readonly loaded: boolean;
  readonly problem?: string;
}

/** A release in memory: what it is made of and what it answers. */
export interface LoadedRelease {
  readonly version: string;
  readonly path: string;
  readonly modules: readonly RaosModule[];
  readonly routes: ReadonlyMap<string, (context: Context) => Promise<unknown>>;
  readonly health: () => { readonly ok: boolean; readonly reason?: string };
}

interface ModuleCode {
  readonly version: string;
  readonly routes?: Readonly<Record<string, (context: Context) => Promise<unknown>>>;
  readonly health?: LoadedRelease["health"];
}

const well: LoadedRelease["health"] = () => ({ ok: true });

/**
 * Loads the release behind `current`. Modules are imported under the release's real path, which no two releases share, so a
 * reload takes the new code while requests under way end with the old one. A module that cannot be loaded is shown as that.
 */
export const loadRelease = async (current: string): Promise<LoadedRelease> => {
  const path = await realpath(current);
  const manifest = JSON.parse(await readFile(join(path, "ashat.json"), "utf8")) as {
    version: string;
    modules: { name: string; version: string }[];
  };
  const routes = new Map<string, (context: Context) => Promise<unknown>>();
  const modules: RaosModule[] = [];
  let health = well;
  for (const { name, version } of manifest.modules) {
    try {
      const code = (await import(pathToFileURL(join(path, "modules", `${name}.mjs`)).href)) as ModuleCode;
      for (const [route, handle] of Object.entries(code.routes ?? {})) routes.set(route, handle);
      health = code.health ?? health;
      modules.push({ name, version: code.version, loaded: true });
    } catch (error) {
      modules.push({ name, version, loaded: false, problem: error instanceof Error ? error.message : String(error) });
    }
  }
  return { version: manifest.version, path, modules, routes, health };
};
