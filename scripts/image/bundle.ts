import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The programs of the product, by the name of their bundled file. */
const PROGRAMS = { ashat: "src/main.ts", deploy: "src/cli/main.ts" } as const;

export const BUNDLED = ["ashat.mjs", "deploy.mjs", "LICENSES.txt"] as const;

const HEAD = `import { createRequire as requireOfBundle } from "node:module";
const require = requireOfBundle(import.meta.url);
if (Number(process.versions.node.split(".")[0]) < 24) {
  console.error(\`This needs Node >= 24, here runs \${process.version}: install it (https://nodejs.org/en/download) and run the same command again.\`);
  process.exit(1);
}`;

/** The folder of the package that a bundled file is of; undefined for our own. */
const packageOf = (input: string): string | undefined => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];

/** The licences of everything that went into the bundle: most of them ask that their text goes along. */
async function licencesOf({ outputs }: Metafile, root: string): Promise<string> {
  const used = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs));
  const folders = [...new Set(used.flatMap((input) => packageOf(input) ?? []))].toSorted();
  const texts = await Promise.all(
    folders.map(async (folder) => {
      const { name, version, license } = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8")) as {
        readonly [field in "name" | "version" | "license"]?: unknown;
      };
      const file = (await readdir(join(root, folder))).toSorted().find((entry) => /^(licen[cs]e|copying)/i.test(entry));
      const text = file === undefined ? "" : await readFile(join(root, folder, file), "utf8");
      return `${String(name)} ${String(version)} (${String(license)})\n\n${text.trim()}\n`;
    }),
  );
  const own = await readFile(join(root, "LICENSE"), "utf8");
  return [`ashat\n\n${own.trim()}\n`, ...texts].join(`\n${"-".repeat(80)}\n`);
}

/**
 * Writes each program as one file that runs with nothing but Node 24 beside it. The same sources give the same bytes, wherever they lie. Nothing is
 * minified, so that a stack trace can be read without a source map.
 */
export async function bundleInto(dir: string, root: string = ROOT): Promise<Metafile> {
  await mkdir(dir, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: PROGRAMS,
    outdir: dir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    mainFields: ["module", "main"],
    // Only its kubeconfig plugins are used: the clients of every kind of Kubernetes would be three quarters of the file.
    alias: { "@kubernetes/client-node": "@kubernetes/client-node/dist/config.js" },
    // Optional parts of dependencies that nobody here asks for: they stay out, whatever is installed where the bundle is made.
    external: ["pg-native", "supports-color"],
    banner: { js: HEAD },
    legalComments: "none",
    sourcemap: false,
    metafile: true,
    logLevel: "warning",
    logOverride: { "large-file": "silent" },
  });
  await writeFile(join(dir, "LICENSES.txt"), await licencesOf(metafile, root));
  return metafile;
}
