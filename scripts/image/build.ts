import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Format, type Image, writeArchive } from "./archive.ts";
import { contents } from "./contents.ts";
import { type Layer, writeLayer } from "./layer.ts";

export interface ImageOptions {
  readonly out: string;
  readonly tag?: string;
  readonly format?: Format;
  /** Seconds since 1970: the time of every file, so that the same content has the same digest. */
  readonly epoch?: number;
}

export type BuiltImage = Image & { readonly layers: readonly Layer[] };

/** Builds the image without a container engine and writes it as one archive. */
export async function buildImage({
  out,
  tag = "ashat:test",
  format = "docker",
  epoch = 0,
}: ImageOptions): Promise<BuiltImage> {
  await mkdir(dirname(out), { recursive: true });
  const work = await mkdtemp(join(tmpdir(), "ashat-image-"));
  try {
    const layers: Layer[] = [];
    for (const [name, tree] of await contents(work))
      layers.push(await writeLayer(name, tree, epoch, join(work, `${name}.tar`)));
    return { ...(await writeArchive(layers, epoch, tag, format, out)), layers };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
