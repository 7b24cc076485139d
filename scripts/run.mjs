// Starts one of our TypeScript programs: `node scripts/run.mjs <file> [args]`. Plain JavaScript for Node 20, because it is what finds the
// newer Node that the rest needs: the running one, or the one that npm installs for Linux. It installs packages when the lockfile has changed.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NEEDED = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const stamp = join(modules, ".installed-from");

const fail = (sentence) => {
  console.error(sentence);
  process.exit(1);
};

const wanted = () =>
  createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .update(`${process.platform} ${process.arch}`)
    .digest("hex");

const installed = () => (existsSync(stamp) ? readFileSync(stamp, "utf8").trim() : "");

const install = () => {
  const hash = wanted();
  if (installed() === hash) return;
  const begun = Date.now();
  console.error("  ...   installing packages from package-lock.json");
  // The npm that runs us, where there is one; no package here needs an install script.
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ["npm", []];
  const args = [...first, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0)
    fail(
      `npm ci failed${error ? ` (${error.message})` : ""}: see what npm says above, then run the same command again`,
    );
  writeFileSync(stamp, `${hash}\n`);
  console.error(`done    installing packages (${((Date.now() - begun) / 1000).toFixed(0)} s)`);
};

const node = () => {
  if (Number(process.versions.node.split(".")[0]) >= NEEDED) return process.execPath;
  const packaged = join(modules, `node-${process.platform}-${process.arch}`, "bin", "node");
  if (existsSync(packaged)) return packaged;
  return fail(
    `This needs Node >= ${NEEDED}: here runs ${process.version}, and npm has no newer one for ${process.platform}-${process.arch}. ` +
      `Install Node ${NEEDED} (https://nodejs.org/en/download) and run the same command again.`,
  );
};

const [, , script, ...args] = process.argv;
if (!script) fail("usage: node scripts/run.mjs <file.ts> [args]");

install();
const program = node();
const path = [dirname(program), join(modules, ".bin"), process.env.PATH].join(delimiter);
const child = spawn(program, [join(root, script), ...args], { stdio: "inherit", env: { ...process.env, PATH: path } });
child.on("error", (error) => fail(`${program} cannot be started: ${error.message}`));

for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"]) {
  process.on(signal, () => {
    // A terminal sends Ctrl-C to the child as well.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on("exit", (code, signal) => {
  process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
});
