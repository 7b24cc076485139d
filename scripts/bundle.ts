/** `npm run bundle [-- <folder>]`: each program of the product as one file for Node 24, into `dist/`: `node dist/ashat.mjs operator --help`. */
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { BUNDLED, bundleInto } from "./image/bundle.ts";

const dir = resolve(process.argv[2] ?? "dist");
await bundleInto(dir);
for (const name of BUNDLED)
  console.log(`${join(dir, name)}  ${((await stat(join(dir, name))).size / 2 ** 20).toFixed(1)} MiB`);
