import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runFolder } from "./sweep.ts";

const parentFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "ashat-sweep-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "ashat-git");
};

/** A process of its own that makes its folder, puts a key into it and waits. */
const running = async (parent: string) => {
  const code = `import { runFolder } from ${JSON.stringify(new URL("./sweep.ts", import.meta.url).href)};
    import { writeFileSync } from "node:fs";
    const folder = runFolder(${JSON.stringify(parent)});
    writeFileSync(folder + "/identity", "a private key");
    process.stdout.write(folder);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const killed = async (): Promise<void> => {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  return { key: join(said.toString(), "identity"), killed };
};

test("keys that a killed operator left are gone when the next one starts, and those of one that runs stay", async () => {
  const parent = parentFolder();
  const [one, other] = [await running(parent), await running(parent)];
  await one.killed();
  try {
    expect(existsSync(one.key)).toBe(true);
    const own = runFolder(parent);
    expect([one.key, other.key, own].map(existsSync)).toEqual([false, true, true]);
    expect(existsSync(runFolder(parent))).toBe(true);
    expect(existsSync(own)).toBe(true);
  } finally {
    await other.killed();
  }
});

test("in a container every operator has the same process id, and what the one before left goes", () => {
  const parent = parentFolder();
  const before = join(parent, `run-${process.pid}-00000000-abcdef`);
  mkdirSync(before, { recursive: true, mode: 0o700 });
  chmodSync(parent, 0o700);
  writeFileSync(join(before, "identity"), "a private key");
  runFolder(parent);
  expect(existsSync(before)).toBe(false);
});

test("a folder that others can write to is not used", () => {
  const parent = parentFolder();
  mkdirSync(parent);
  chmodSync(parent, 0o777);
  const own = runFolder(parent);
  expect(dirname(own)).not.toBe(parent);
  expect(readdirSync(parent)).toEqual([]);
});
