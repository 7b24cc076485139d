import { execFile } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Loaded {
  readonly tags: readonly string[];
  readonly config: { readonly config: unknown; readonly rootfs: { readonly diff_ids: readonly string[] } };
  readonly layers: readonly string[];
  readonly rootfs: string;
}

/** Reads a docker-archive as an engine does, with tar and not with what wrote it. */
export async function load(archive: string, dir: string): Promise<Loaded> {
  const rootfs = join(dir, "rootfs");
  await mkdir(rootfs, { recursive: true });
  await run("tar", ["-xf", archive, "-C", dir]);
  const [{ Config, RepoTags, Layers }] = JSON.parse(await readFile(join(dir, "manifest.json"), "utf8")) as [
    { readonly Config: string; readonly RepoTags: readonly string[]; readonly Layers: readonly string[] },
  ];
  const layers = Layers.map((layer) => join(dir, layer));
  for (const layer of layers) await run("tar", ["-xpf", layer, "-C", rootfs]);
  return {
    tags: RepoTags,
    config: JSON.parse(await readFile(join(dir, Config), "utf8")) as Loaded["config"],
    layers,
    rootfs,
  };
}

export interface Listed {
  readonly mode: string;
  readonly owner: string;
  readonly path: string;
}

/** What a layer holds, as tar lists it. */
export async function listed(layer: string): Promise<readonly Listed[]> {
  const { stdout } = await run("tar", ["-tvf", layer, "--numeric-owner"], { maxBuffer: 16 * 1024 * 1024 });
  return stdout
    .trim()
    .split("\n")
    .map((line) => {
      const [mode = "", owner = "", , , , path = ""] = line.split(/\s+/);
      return { mode, owner, path };
    });
}
