import { afterAll, beforeAll, expect, test } from "vitest";
import { LOOPBACK, SEAL } from "../../../test/world/git-scene.ts";
import { type GitServer, startGitServer } from "../../../test/world/git-server.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gitDeliverer } from "./deliverer.ts";

let git: GitServer;
let folder = "";
beforeAll(async () => {
  git = await startGitServer();
  folder = await mkdtemp(join(tmpdir(), "ashat-tree-"));
});
afterAll(async () => {
  await git.stop();
  await rm(folder, { recursive: true, force: true });
});

const MISSING = { name: "GitRefusal", reason: "CommitMissing" };
const never = new AbortController().signal;

test("the manifests of a folder at a commit come together, also of a commit that a branch had when it was fetched", async () => {
  const many = Array.from({ length: 300 }, (_, n): readonly [string, string] => [`apps/a/f-${n}.yaml`, `n: ${n}\n`]);
  const files = { ...Object.fromEntries(many), "apps/a/README.md": "no\n", "apps/ab/x.yaml": "no: 1\n", "e.yaml": "" };
  const there = await git.repository("tree", { files });
  const commit = await there.head();
  const other = await there.commit({ "apps/a/f-1.yaml": "n: other\n", "apps/a/f-2.yaml": null });
  const deliverer = gitDeliverer({ folder, addresses: LOOPBACK, now: Date.now, seal: SEAL });
  const found = await deliverer.readTree(there.url, commit, "apps/a", never);
  expect(found).toEqual(new Map(many.toSorted(([a], [b]) => (a < b ? -1 : 1))));
  const requests = git.came.length;
  expect(requests).toBeLessThan(10);
  await there.git(["update-ref", "refs/heads/main", commit]);
  expect((await deliverer.readTree(there.url, other, "apps/a", never)).get("apps/a/f-1.yaml")).toBe("n: other\n");
  expect((await deliverer.readTree(there.url, other, "", never)).get("e.yaml")).toBe("");
  await expect(deliverer.readTree(there.url, "0".repeat(40), "apps/a", never)).rejects.toMatchObject(MISSING);
  await deliverer.close();
});

test("a commit that no branch and no tag has is refused, though the server gives it to whoever asks: a fork may have it", async () => {
  const there = await git.repository("forked", { files: { "a.yaml": "of: us\n" } });
  const main = await there.head();
  const tree = (await there.git(["rev-parse", "main^{tree}"])).trim();
  const who = ["-c", "user.name=mallory", "-c", "user.email=mallory@example.com"];
  const foreign = (await there.git([...who, "commit-tree", "-p", main, "-m", "theirs", tree])).trim();
  const tagged = (await there.git([...who, "commit-tree", "-p", main, "-m", "tagged", tree])).trim();
  const deliverer = gitDeliverer({
    folder: await mkdtemp(join(folder, "fork-")),
    addresses: LOOPBACK,
    now: Date.now,
    seal: SEAL,
  });
  const read = (commit: string) => deliverer.readTree(there.url, commit, "", never);
  const files = new Map([["a.yaml", "of: us\n"]]);
  await expect(read(foreign)).rejects.toMatchObject(MISSING);
  expect(await read(main)).toEqual(files);
  await expect(read(tagged)).rejects.toMatchObject(MISSING);
  await there.git([...who, "tag", "-a", "-m", "a release", "v1", tagged]);
  expect(await read(tagged)).toEqual(files);
  await expect(read(foreign)).rejects.toMatchObject(MISSING);
  await there.git(["update-ref", "refs/heads/feature/x", foreign]);
  await there.commit({ "b.yaml": "" }, "newer", "feature/x");
  expect(await read(foreign)).toEqual(files);
  await deliverer.close();
});
