import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Writes an image of one static program, which runs as nobody, as `docker save` would. */
export const writeProgramImage = async (program: string, tag: string, archive: string): Promise<void> => {
  const inside = pack();
  inside.entry({ name: "program", mode: 0o755, mtime: new Date(0) }, await readFile(program));
  inside.finalize();
  const layer = await buffer(inside);
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      os: "linux",
      config: { Entrypoint: ["/program"], User: "65532:65532", WorkingDir: "/" },
      rootfs: { type: "layers", diff_ids: [`sha256:${sha256(layer)}`] },
    }),
  );
  const outside = pack();
  outside.entry({ name: "layer.tar" }, layer);
  outside.entry({ name: `${sha256(config)}.json` }, config);
  outside.entry(
    { name: "manifest.json" },
    JSON.stringify([{ Config: `${sha256(config)}.json`, RepoTags: [tag], Layers: ["layer.tar"] }]),
  );
  outside.finalize();
  await pipeline(outside, createWriteStream(archive));
};
