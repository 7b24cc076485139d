/** `npm run image -- --help`: the image, built without a container engine from Debian's packages, the Node of the lockfile and the bundle. */
import { resolve } from "node:path";
import { IMAGE_USAGE, imageAsked } from "./image/asked.ts";
import { buildImage } from "./image/build.ts";
import { writeRootfs } from "./image/rootfs.ts";

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const USAGE = 2;

const asked = imageAsked(process.argv.slice(2), process.env);
try {
  switch (asked.want) {
    case "help":
      console.log(IMAGE_USAGE);
      break;
    case "nothing":
      console.error(asked.because);
      process.exitCode = USAGE;
      break;
    case "rootfs":
      await writeRootfs(resolve(asked.folder), asked.epoch);
      break;
    case "image": {
      const out = resolve(asked.out);
      const { layers, bytes, id, digest } = await buildImage({ ...asked, out });
      for (const layer of layers) console.log(`layer   ${layer.name}  ${mib(layer.bytes)}  sha256:${layer.sha256}`);
      console.log(`size    ${mib(bytes)}\nid      ${id}`);
      if (asked.format === "oci") console.log(`digest  ${digest}`);
      console.log(`${out}  ${asked.tag}`);
    }
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
