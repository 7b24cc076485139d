import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Judge, Mutant } from "./mutants.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COPIED = [
  "src",
  "test",
  "scripts",
  "crds",
  "manifests",
  "examples",
  "docs",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
];
/** A run that does not end is noticed as well. */
const PATIENCE_MS = 600_000;

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

const ended = (dir: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], {
      cwd: dir,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: PATIENCE_MS,
      env: { ...process.env, NO_COLOR: "1" },
    });
    let said = "";
    const keep = (part: Buffer): void => {
      said = `${said}${part.toString("utf8")}`.slice(-20_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, said }));
  });

const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");

async function judged(dir: string, by: Judge, clusterFile: string): Promise<Ended> {
  if ("unit" in by) return ended(dir, [vitest, "run", "--project", "unit", "--bail=1", ...by.unit]);
  if ("plans" in by)
    return ended(dir, [
      "scripts/faults.ts",
      `--cluster=${clusterFile}`,
      ...by.plans.flatMap((plan) => ["--plan", plan]),
    ]);
  const generated = await ended(dir, ["scripts/generate.ts"]);
  if (generated.code !== 0) throw new Error(`the manifests could not be generated: ${generated.said}`);
  return ended(dir, [vitest, "run", "--project", "apiserver", "--bail=1", ...by.apiserver]);
}

const FIRST = /^.*(?:FAIL|DIVERGED|does not come to its end|×|Error:).*$/m;

const change = (path: string, { name, file, from, to }: Mutant): void => {
  const source = readFileSync(path, "utf8");
  if (source.split(from).length !== 2)
    throw new Error(`"${name}": its text is not in ${file} exactly once; write it anew in test/faults/mutants.ts`);
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
};

/** All whose text is not in the source any more, in sentences. */
export const stale = (mutants: readonly Mutant[]): readonly string[] =>
  mutants.flatMap(({ name, file, from }) =>
    readFileSync(join(ROOT, file), "utf8").split(from).length === 2
      ? []
      : [`"${name}": its text is not in ${file} exactly once`],
  );

/** Makes one mistake in a copy of the tree and says what noticed it; nothing where nothing did. */
export async function noticed(mutant: Mutant, clusterFile: string): Promise<string | undefined> {
  const dir = mkdtempSync(join(tmpdir(), "ashat-mutant-"));
  try {
    for (const path of COPIED) cpSync(join(ROOT, path), join(dir, path), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
    change(join(dir, mutant.file), mutant);
    const { code, said } = await judged(dir, mutant.by, clusterFile);
    return code === 0 ? undefined : (FIRST.exec(said)?.[0] ?? "it did not end well").trim().slice(0, 160);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
