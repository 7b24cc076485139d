import { existsSync } from "node:fs";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withLock } from "../../cluster/lock.ts";

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-lock-"));
  path = join(dir, "lock");
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test("two builders who come at once work one after the other", async () => {
  const seen: string[] = [];
  const build = (name: string) =>
    withLock(path, async () => {
      seen.push(`${name} begins`);
      await new Promise(setImmediate);
      seen.push(`${name} ends`);
    });
  await Promise.all([build("a"), build("b")]);
  const [first = "", , second = ""] = seen.map((entry) => entry.split(" ")[0] ?? "");
  expect(seen).toEqual([`${first} begins`, `${first} ends`, `${second} begins`, `${second} ends`]);
  expect(existsSync(path)).toBe(false);
});

test("a lock whose holder died is taken over", async () => {
  await writeFile(path, "1\n");
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(path, longAgo, longAgo);
  expect(await withLock(path, async () => "built")).toBe("built");
});

test("a build that fails gives the lock back", async () => {
  await expect(withLock(path, () => Promise.reject(new Error("no space left")))).rejects.toThrow("no space left");
  expect(existsSync(path)).toBe(false);
});
