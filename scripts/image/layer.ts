import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import { modeOf, type Tree, whole } from "./entry.ts";

export interface Layer {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Writes one layer as a tar: the same tree and the same time give the same bytes. */
export async function writeLayer(name: string, tree: Tree, epoch: number, path: string): Promise<Layer> {
  const tar = pack();
  const hash = createHash("sha256");
  let bytes = 0;
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const written = pipeline(tar, measured, createWriteStream(path));
  const fill = async (): Promise<void> => {
    for (const [at, entry] of whole(tree)) {
      const header = { name: at, mode: modeOf(entry), mtime: new Date(epoch * 1000), uid: 0, gid: 0 };
      await new Promise<void>((resolve, reject) => {
        const done = (error?: Error | null): void => (error ? reject(error) : resolve());
        if (entry.kind === "folder") tar.entry({ ...header, name: `${at}/`, type: "directory" }, done);
        else if (entry.kind === "link") tar.entry({ ...header, type: "symlink", linkname: entry.to }, done);
        else tar.entry({ ...header, type: "file" }, entry.bytes, done);
      });
    }
    tar.finalize();
  };
  await Promise.all([fill(), written]);
  return { name, path, sha256: hash.digest("hex"), bytes };
}
