/**
 * `npm run mutants [-- [--model] [<word of a name> ...]]`: makes one mistake at a time in a copy of the judgement and sees whether the tables, or else the short model, notice; with --model only
 * the model is asked.
 * Ends with 1 where a mistake goes unnoticed, or where its text is not in the source any more.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MUTANTS, type Mutant } from "../test/unit/model/mutants.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const COPIED = [
  "src/api",
  "src/core",
  "src/licence",
  "test/unit/fixtures.ts",
  "test/unit/scene.ts",
  "test/unit/kstatus.ts",
  "test/unit/chain-of-update.ts",
  "test/unit/model",
  "package.json",
  "tsconfig.json",
];
const CONFIG = `export default { test: { include: ["src/core/**/*.test.ts", "test/unit/model/**/*.test.ts"], testTimeout: 120000 } };\n`;
const CORES = 2;

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** The first test that fails under `where`; nothing where all pass. */
const firstFailure = (dir: string, where: string): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
    const report = join(dir, "report.json");
    const child = spawn(
      process.execPath,
      [vitest, "run", "--bail=1", "--reporter=json", `--outputFile=${report}`, where],
      { cwd: dir, stdio: "ignore" },
    );
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) return resolve(undefined);
      const { testResults } = JSON.parse(readFileSync(report, "utf8")) as Report;
      const found = testResults
        .flatMap(({ assertionResults }) => assertionResults)
        .find(({ status }) => status === "failed");
      return found === undefined ? reject(new Error(`the tests under ${where} did not run`)) : resolve(found.fullName);
    });
  });

/** What notices this change of the judgement; without one, whether there is anything to notice. */
async function noticedBy(mutant?: Mutant): Promise<string | undefined> {
  const dir = mkdtempSync(join(tmpdir(), "ashat-mutant-"));
  try {
    mkdirSync(join(dir, "test", "unit"), { recursive: true });
    for (const path of COPIED) cpSync(join(root, path), join(dir, path), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(dir, "node_modules"));
    writeFileSync(join(dir, "vitest.config.ts"), CONFIG);
    if (mutant !== undefined) change(join(dir, "src", "core", mutant.file), mutant);
    const tables = modelOnly ? undefined : await firstFailure(dir, "src/core");
    if (tables !== undefined) return `the tables: ${tables}`;
    const model = await firstFailure(dir, "test/unit/model");
    return model === undefined ? undefined : `the model: ${model}`;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function change(path: string, { name, file, from, to }: Mutant): void {
  const source = readFileSync(path, "utf8");
  if (source.split(from).length !== 2)
    throw new Error(
      `"${name}": its text is not in src/core/${file} exactly once; write it anew in test/unit/model/mutants.ts`,
    );
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
}

const modelOnly = process.argv.includes("--model");
const unchanged = await noticedBy();
if (unchanged !== undefined)
  throw new Error(`the judgement as it is does not pass, so nothing can be said about mistakes in it: ${unchanged}`);

const only = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const waiting = MUTANTS.filter(({ name }) => only.length === 0 || only.some((word) => name.includes(word)));
const count = waiting.length;
let missed = 0;
const work = async (): Promise<void> => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const by = await noticedBy(next);
    if (by === undefined) missed += 1;
    console.log(
      `${by === undefined ? "MISSED" : "caught"}  ${next.name} (${next.file})${by === undefined ? "" : `\n          by ${by}`}`,
    );
  }
};
await Promise.all(Array.from({ length: CORES }, work));
console.log(`${count} mistakes, ${count - missed} caught, ${missed} missed`);
process.exitCode = missed === 0 ? 0 : 1;
