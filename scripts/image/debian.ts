import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A package of the Debian this machine has, as its signed lists name it. */
export interface Package {
  readonly name: string;
  readonly path: string;
}

interface Source {
  readonly file: string;
  readonly sha256: string;
}

const NOT_DEBIAN =
  "An image is put together from Debian packages, and here is no apt-get, apt-cache or dpkg-deb: run this on Debian 12 or newer, or build the Dockerfile.";

const cacheFolder = (): string =>
  join(
    process.env["ASHAT_CACHE"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "ashat"),
    "debian",
  );

/** Runs one of Debian's programs; what it says is part of the error. */
async function debian(command: string, args: readonly string[], cwd?: string): Promise<string> {
  try {
    const { stdout } = await run(command, [...args], {
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, LC_ALL: "C" },
      ...(cwd !== undefined && { cwd }),
    });
    return stdout;
  } catch (error) {
    const { code, stderr = "" } = error as { readonly code?: unknown; readonly stderr?: string };
    if (code === "ENOENT") throw new Error(NOT_DEBIAN, { cause: error });
    throw new Error(
      `${command} ${args[0] ?? ""} failed. If it knows no such package or cannot find its file, run "apt-get update" as root and try again. It said:\n${stderr.trim()}`,
      { cause: error },
    );
  }
}

/** Of what a package depends on only the libraries: no interpreter, no tool that sets up accounts, nothing that runs at installation. */
const isLibrary = (name: string): boolean => /^(lib|zlib1g|gcc-\d+-base$)/.test(name) && !name.endsWith("-perl");

const ONLY_DEPENDS = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map(
  (kind) => `--no-${kind}`,
);

/** Who depends on whom, of alternatives the first, as the lists tell it: a name, and indented below it what that one needs. */
function dependenciesOf(told: string): ReadonlyMap<string, readonly string[]> {
  const needs = new Map<string, string[]>();
  let of: string[] = [];
  let answered = false;
  for (const line of told.split("\n")) {
    const [, another, name] = /^ ([ |])(?:Pre)?Depends: (\S+)$/.exec(line) ?? [];
    if (name !== undefined && !answered) of.push(name);
    if (name !== undefined) answered = another === "|";
    else if (/^\S+$/.test(line)) needs.set(line, (of = []));
  }
  return needs;
}

/** These packages and the libraries they depend on. */
async function withLibraries(wanted: readonly string[]): Promise<readonly string[]> {
  const needs = dependenciesOf(await debian("apt-cache", ["depends", "--recurse", ...ONLY_DEPENDS, ...wanted]));
  const all = new Set<string>();
  let next = wanted;
  while (next.length > 0) {
    for (const name of next) all.add(name);
    next = [...new Set(next.flatMap((name) => needs.get(name) ?? []))].filter(
      (name) => isLibrary(name) && !all.has(name),
    );
  }
  return [...all].toSorted();
}

/** The file and the hash of each package, as the signed lists have them. */
async function sourcesOf(names: readonly string[]): Promise<readonly Source[]> {
  // Away from files of these names, which it would leave out.
  const printed = await debian("apt-get", ["download", "--print-uris", ...names], "/");
  return [...printed.matchAll(/^'[^']*' (\S+) \d+ SHA256:([0-9a-f]{64})$/gm)].map(([, name = "", sha256 = ""]) => ({
    file: name,
    sha256,
  }));
}

const nameOf = ({ file }: Source): string => file.split("_")[0] ?? "";

const isWhole = async (path: string, sha256: string): Promise<boolean> => {
  try {
    return (
      createHash("sha256")
        .update(await readFile(path))
        .digest("hex") === sha256
    );
  } catch {
    return false;
  }
};

/** What a package says of itself. */
export const controlOf = ({ path }: Package): Promise<string> => debian("dpkg-deb", ["--field", path]);

/** These packages and the libraries they depend on, fetched by apt (which proves who made them) and kept for the next time. */
export async function packages(wanted: readonly string[]): Promise<readonly Package[]> {
  const names = await withLibraries(wanted);
  const sources = await sourcesOf(names);
  const folder = cacheFolder();
  await mkdir(folder, { recursive: true });
  const there = await Promise.all(sources.map(({ file, sha256 }) => isWhole(join(folder, file), sha256)));
  const missing = sources.filter((_, index) => there[index] !== true);
  if (missing.length > 0) {
    const fresh = await mkdtemp(join(folder, "fetching-"));
    try {
      await debian("apt-get", ["download", "-q", ...missing.map(nameOf)], fresh);
      for (const { file } of missing) await rename(join(fresh, file), join(folder, file));
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
  }
  return names.map((name) => {
    const source = sources.find((one) => nameOf(one) === name);
    if (source === undefined)
      throw new Error(`apt-get names no file for ${name}: run "apt-get update" as root and try again.`);
    return { name, path: join(folder, source.file) };
  });
}
