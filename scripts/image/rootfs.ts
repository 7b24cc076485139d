import { chmod, lutimes, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contents } from "./contents.ts";
import { modeOf, whole } from "./entry.ts";

/** Writes what the image holds as a folder: the Dockerfile copies it, and runc or chroot run it. */
export async function writeRootfs(dir: string, epoch = 0): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "ashat-image-"));
  try {
    const entries = new Map((await contents(work)).flatMap(([, tree]) => whole(tree)));
    await mkdir(dir, { recursive: true });
    for (const [path, entry] of entries) {
      const at = join(dir, path);
      if (entry.kind === "folder") await mkdir(at, { recursive: true });
      else if (entry.kind === "link") await symlink(entry.to, at);
      else await writeFile(at, entry.bytes, { flag: "wx" });
      if (entry.kind !== "link") await chmod(at, modeOf(entry));
    }
    // From the leaves up, because what is written into a folder changes its time.
    for (const path of [...entries.keys()].toReversed()) await lutimes(join(dir, path), epoch, epoch);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
