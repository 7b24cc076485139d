/** `npm run bundle -- --help`: each program of the product as one file for Node 24: `node dist/ashat.mjs operator --help`. */
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { BUNDLE_USAGE, bundleAsked } from "./image/asked.ts";
import { BUNDLED, bundleInto } from "./image/bundle.ts";

const USAGE = 2;

const asked = bundleAsked(process.argv.slice(2));
if (asked.want === "help") console.log(BUNDLE_USAGE);
else if (asked.want === "nothing") {
  console.error(asked.because);
  process.exitCode = USAGE;
} else {
  const dir = resolve(asked.folder);
  await bundleInto(dir);
  for (const name of BUNDLED)
    console.log(`${join(dir, name)}  ${((await stat(join(dir, name))).size / 2 ** 20).toFixed(1)} MiB`);
}
