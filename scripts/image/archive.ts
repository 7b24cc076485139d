import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rename } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import { configOf } from "./config.ts";
import type { Layer } from "./layer.ts";

export type Format = "docker" | "oci";

export interface Image {
  /** Hash of the configuration, which names the layers: what Docker and containerd show as the image's id. */
  readonly id: string;
  /** Hash of the manifest of the OCI layout: what a registry knows it by when that is pushed. An engine that loads the other format writes a manifest of its own. */
  readonly digest: string;
  /** Of all layers, unpacked. */
  readonly bytes: number;
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const blob = (hash: string): string => `blobs/sha256/${hash}`;

const described = (mediaType: string, digest: string, size: number): object => ({
  mediaType: `application/vnd.oci.image.${mediaType}`,
  digest: `sha256:${digest}`,
  size,
});

/** Writes an archive that `docker load`, `podman load` and `ctr images import` read, or an OCI layout as a tar. It is there whole or not at all. */
export async function writeArchive(
  layers: readonly Layer[],
  epoch: number,
  tag: string,
  format: Format,
  path: string,
): Promise<Image> {
  const config = configOf(layers, epoch);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: described("config.v1+json", sha256(config), config.length),
      layers: layers.map((layer) => described("layer.v1.tar", layer.sha256, layer.bytes)),
    }),
  );
  const small: Readonly<Record<string, Buffer>> =
    format === "docker"
      ? {
          "manifest.json": Buffer.from(
            JSON.stringify([
              { Config: blob(sha256(config)), RepoTags: [tag], Layers: layers.map((layer) => blob(layer.sha256)) },
            ]),
          ),
        }
      : {
          "oci-layout": Buffer.from(JSON.stringify({ imageLayoutVersion: "1.0.0" })),
          "index.json": Buffer.from(
            JSON.stringify({
              schemaVersion: 2,
              manifests: [
                {
                  ...described("manifest.v1+json", sha256(manifest), manifest.length),
                  annotations: { "org.opencontainers.image.ref.name": tag },
                },
              ],
            }),
          ),
          [blob(sha256(manifest))]: manifest,
        };
  const unfinished = `${path}.${process.pid}.tmp`;
  const tar = pack();
  const written = pipeline(tar, createWriteStream(unfinished));
  const head = { mode: 0o644, mtime: new Date(epoch * 1000), uid: 0, gid: 0 };
  const fill = async (): Promise<void> => {
    for (const [name, bytes] of Object.entries({ ...small, [blob(sha256(config))]: config }))
      await new Promise<void>((resolve, reject) => {
        tar.entry({ ...head, name }, bytes, (error) => (error ? reject(error) : resolve()));
      });
    for (const layer of layers)
      await pipeline(createReadStream(layer.path), tar.entry({ ...head, name: blob(layer.sha256), size: layer.bytes }));
    tar.finalize();
  };
  await Promise.all([fill(), written]);
  await rename(unfinished, path);
  return {
    id: `sha256:${sha256(config)}`,
    digest: `sha256:${sha256(manifest)}`,
    bytes: layers.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
