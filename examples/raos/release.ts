import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

/** Builds releases of the RaOS sample: a gzip tar with `ashat.json` and one file per module. */

export const MODULES = ["core", "billing", "gateway"] as const;
export type ModuleName = (typeof MODULES)[number];

export interface ReleaseOptions {
  readonly dir: string;
  readonly version: string;
  readonly app?: string;
  readonly layer?: string;
  /** The file's name; default `raos-<version>.tgz`. */
  readonly file?: string;
  /** Modules that say another version than the release: what a half-built release looks like. */
  readonly moduleVersions?: Partial<Record<ModuleName, string>>;
  /** Modules that throw when they are loaded. */
  readonly failing?: readonly ModuleName[];
  /** A release whose health answers 500. */
  readonly unwell?: boolean;
  /** How long each greeting takes longer than it should. */
  readonly delayMs?: number;
}

export interface BuiltRelease {
  readonly path: string;
  readonly file: string;
  readonly sha256: string;
  readonly version: string;
}

const routes: Readonly<Record<ModuleName, (options: ReleaseOptions) => string>> = {
  core: ({
    version,
    unwell = false,
  }) => `export const health = () => (${JSON.stringify(unwell ? { ok: false, reason: `core of ${version} is not well` } : { ok: true })});
export const routes = {};`,
  billing: () => `export const routes = {
  "/api/items": async ({ query }) => ({ items: await query("select id, name, price_cents from items order by id limit 50") }),
};`,
  gateway: ({
    version,
    delayMs = 0,
  }) => `${delayMs > 0 ? 'import { setTimeout as wait } from "node:timers/promises";\n' : ""}export const routes = {
  "/api/greeting": async () => {
    ${delayMs > 0 ? `await wait(${delayMs});` : ""}
    return { greeting: ${JSON.stringify(`Hello from RaOS ${version}`)}, version: ${JSON.stringify(version)} };
  },
};`,
};

const moduleText = (name: ModuleName, options: ReleaseOptions): string => {
  const version = options.moduleVersions?.[name] ?? options.version;
  const failure =
    options.failing?.includes(name) === true
      ? `throw new Error(${JSON.stringify(`${name} ${version} cannot start`)});\n`
      : "";
  return `${failure}export const name = ${JSON.stringify(name)};\nexport const version = ${JSON.stringify(version)};\n${routes[name](options)}\n`;
};

/** The same options give the same bytes, and so the same digest. */
export const releaseArchive = async (options: ReleaseOptions): Promise<Buffer> => {
  const modules = MODULES.map((name) => ({ name, version: options.moduleVersions?.[name] ?? options.version }));
  const manifest = { app: options.app ?? "default", version: options.version, layer: options.layer ?? "main", modules };
  const tar = pack();
  const add = (name: string, text: string): void => void tar.entry({ name, mode: 0o644, mtime: new Date(0) }, text);
  add("ashat.json", `${JSON.stringify(manifest, null, 2)}\n`);
  for (const name of MODULES) add(`modules/${name}.mjs`, moduleText(name, options));
  tar.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of tar) parts.push(part as Uint8Array);
  return gzipSync(Buffer.concat(parts));
};

export const buildRelease = async (options: ReleaseOptions): Promise<BuiltRelease> => {
  const archive = await releaseArchive(options);
  const file = options.file ?? `raos-${options.version}.tgz`;
  const path = join(options.dir, file);
  await mkdir(options.dir, { recursive: true });
  await writeFile(path, archive);
  return { path, file, version: options.version, sha256: createHash("sha256").update(archive).digest("hex") };
};

const USAGE =
  "usage: node scripts/run.mjs examples/raos/release.ts --version 9.4.2 --out <dir> [--app <name>] [--layer <name>]";

const wrong = (what: string): never => {
  console.error(`${what}\n${USAGE}`);
  process.exit(2);
};

const OPTIONS = {
  version: { type: "string" },
  out: { type: "string" },
  app: { type: "string" },
  layer: { type: "string" },
  help: { type: "boolean" },
} as const;

const asked = () => {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
};

if (import.meta.main) {
  const { version, out, app, layer, help } = asked();
  if (help === true) console.log(USAGE);
  else if (version === undefined || out === undefined) wrong("Which version it is and where it goes must be said.");
  else {
    const built = buildRelease({
      version,
      dir: out,
      ...(app === undefined ? {} : { app }),
      ...(layer === undefined ? {} : { layer }),
    });
    console.log(
      JSON.stringify(
        await built.catch((error: unknown) => wrong(error instanceof Error ? error.message : String(error))),
      ),
    );
  }
}
