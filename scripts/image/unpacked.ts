import { spawn } from "node:child_process";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import type { Package } from "./debian.ts";
import { type Entry, file, link } from "./entry.ts";

/** Where a file stands when /bin, /lib and /lib64 are links into /usr, whatever its package still says. */
export const merged = (path: string): string =>
  path.replace(/^\.?\/*/, "").replace(/^(bin|sbin|lib|lib64)\//, "usr/$1/");

/** The files and links of a package. Nothing of it is run, and nothing is written to the disk. */
export async function unpacked({ path }: Package): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  const child = spawn("dpkg-deb", ["--fsys-tarfile", path], { stdio: ["ignore", "pipe", "pipe"] });
  const said = buffer(child.stderr);
  const code = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve(status ?? 1));
  });
  const tar = extract();
  const read = async (): Promise<void> => {
    for await (const entry of tar) {
      const { name, type, linkname, mode } = entry.header;
      const at = merged(name);
      const to = linkname ?? "";
      if (type === "file") entries.set(at, file(await buffer(entry), (mode & 0o100) !== 0));
      else entry.resume();
      if (type === "symlink") entries.set(at, link(to));
      if (type === "link") entries.set(at, entries.get(merged(to)) ?? link(`/${merged(to)}`));
    }
  };
  const [, , status] = await Promise.all([pipeline(child.stdout, tar), read(), code]);
  if (status !== 0)
    throw new Error(
      `${path} cannot be unpacked: delete it and run the same command again. ${(await said).toString("utf8").trim()}`,
    );
  return entries;
}
