import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { baseTree } from "./base.ts";
import { bundleInto } from "./bundle.ts";
import { file, type Tree } from "./entry.ts";

/** The Node that the lockfile pins, which is the one everything was tested with. */
function nodeFolder(): string {
  const name = `node-linux-${process.arch}`;
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch (error) {
    throw new Error(`npm installed no ${name} here: images are built on Linux, x64 or arm64, after "npm ci".`, {
      cause: error,
    });
  }
}

/** What the image holds, in three layers: what changes least comes first. `work` is a folder for the bundle. */
export async function contents(work: string): Promise<readonly (readonly [name: string, tree: Tree])[]> {
  const folder = nodeFolder();
  const node = await readFile(join(folder, "bin", "node"));
  const base = await baseTree(node);
  await bundleInto(work);
  return [
    ["debian", base],
    [
      "node",
      new Map([
        ["usr/bin/node", file(node, true)],
        ["usr/share/doc/nodejs/LICENSE", file(await readFile(join(folder, "LICENSE")))],
      ]),
    ],
    [
      "ashat",
      new Map([
        ["ashat.mjs", file(await readFile(join(work, "ashat.mjs")))],
        ["deploy.mjs", file(await readFile(join(work, "deploy.mjs")))],
        ["usr/share/doc/ashat/LICENSES.txt", file(await readFile(join(work, "LICENSES.txt")))],
      ]),
    ],
  ];
}
