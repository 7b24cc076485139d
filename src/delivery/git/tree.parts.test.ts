import { afterAll, beforeAll, expect, test } from "vitest";
import { LOOPBACK } from "../../../test/world/git-scene.ts";
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

const never = new AbortController().signal;

test("the manifests of a folder at a commit come together, also of a commit that no branch has any more", async () => {
  const many = Array.from({ length: 300 }, (_, n): readonly [string, string] => [`apps/a/f-${n}.yaml`, `n: ${n}\n`]);
  const files = { ...Object.fromEntries(many), "apps/a/README.md": "no\n", "apps/ab/x.yaml": "no: 1\n", "e.yaml": "" };
  const there = await git.repository("tree", { files });
  const commit = await there.head();
  const other = await there.commit({ "apps/a/f-1.yaml": "n: other\n", "apps/a/f-2.yaml": null });
  const deliverer = gitDeliverer({ folder, addresses: LOOPBACK, now: Date.now });
  const found = await deliverer.readTree(there.url, commit, "apps/a", never);
  expect(found).toEqual(new Map(many.toSorted(([a], [b]) => (a < b ? -1 : 1))));
  const requests = git.came.length;
  expect(requests).toBeLessThan(10);
  await there.git(["update-ref", "refs/heads/main", commit]);
  expect((await deliverer.readTree(there.url, other, "apps/a", never)).get("apps/a/f-1.yaml")).toBe("n: other\n");
  expect((await deliverer.readTree(there.url, other, "", never)).get("e.yaml")).toBe("");
  await expect(deliverer.readTree(there.url, "0".repeat(40), "apps/a", never)).rejects.toMatchObject({
    name: "GitRefusal",
    reason: "CommitMissing",
  });
  await deliverer.close();
});
