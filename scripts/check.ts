/** `npm run check`: types, lint, arrows between the rooms, unit tests. All that is wrong is shown, not only the first. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

interface Outcome {
  readonly name: string;
  readonly seconds: number;
  readonly output: string;
  readonly good: boolean;
}

const run = (name: string, command: string, args: readonly string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    const begun = performance.now();
    const child = spawn(command, [...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? "1" : "0" },
    });
    const output: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
    const end = (good: boolean, more = ""): void =>
      resolve({
        name,
        seconds: (performance.now() - begun) / 1000,
        output: Buffer.concat(output).toString("utf8") + more,
        good,
      });
    child.once("error", (error) => end(false, error.message));
    child.once("close", (code) => end(code === 0));
  });

const show = ({ name, seconds, output, good }: Outcome): boolean => {
  console.log(`${good ? "good" : "BAD "}  ${name} (${seconds.toFixed(1)} s)`);
  if (!good) console.log(output.trimEnd());
  return good;
};

const outcomes = await Promise.all([
  // What tsc knows of files that did not change is kept, so that every check but the first is quick.
  run("types", "tsc", ["--noEmit", "-p", ".", "--incremental", "--tsBuildInfoFile", "node_modules/.cache/types.json"]),
  run("lint", "oxlint", ["--type-aware", "."]),
  run("arrows and unit tests", "vitest", ["run", "--project", "unit", ...process.argv.slice(2)]),
]);
const all = outcomes.map(show);
process.exitCode = all.every(Boolean) ? 0 : 1;
