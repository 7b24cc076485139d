import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { assignment, type GitScene, kustomization, openGitScene } from "../../../test/world/git-scene.ts";

let scene: GitScene;
beforeAll(async () => {
  scene = await openGitScene();
});
afterAll(() => scene.end());

const took = async (what: string, work: () => Promise<unknown>): Promise<void> => {
  const began = performance.now();
  await work();
  console.log(`10,000 files: ${what} took ${Math.round(performance.now() - began)} ms`);
};
const never = new AbortController().signal;

test("of a repository of 10,000 files only those that are changed are fetched", async () => {
  const FILE = "apps/ra/staging/kustomization.yaml";
  const many = Array.from({ length: 10_000 }, (_, n) => [
    `apps/app-${n % 500}/f-${n}.yaml`,
    `n: ${n}\n${"# x\n".repeat(50)}`,
  ]);
  const files = { ...Object.fromEntries(many), [FILE]: kustomization("1.0.0", "a") } as Readonly<
    Record<string, string>
  >;
  const there = await scene.git.repository("many", { files });
  const folder = join(scene.folder, "many");
  const deliverer = await scene.deliverer({ folder });
  const place = scene.place(there.url);
  await took("the first delivery", () => deliverer.deliver(place, assignment(1, "2.0.0", "b"), never));
  await took("the second delivery", () => deliverer.deliver(place, assignment(2, "3.0.0", "c"), never));
  await took("a report", () => deliverer.report(place, "uid-1.ra.main.2", never));
  await took("a look", () => deliverer.observe(place, never));
  expect(await there.read(FILE)).toBe(kustomization("3.0.0", "c"));
  expect((await there.git(["ls-tree", "-r", "--name-only", "main"])).trim().split("\n")).toHaveLength(10_001);
  const [mirror = ""] = readdirSync(folder);
  const all = await promisify(execFile)("git", ["cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"], {
    env: { PATH: process.env["PATH"], GIT_DIR: join(folder, mirror) },
    maxBuffer: 16 * 1024 * 1024,
  });
  expect(all.stdout.split("\n").filter((type) => type === "blob").length).toBeLessThanOrEqual(3);
});
