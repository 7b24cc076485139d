import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { assignment, type GitScene, kustomization, openGitScene } from "../../../test/world/git-scene.ts";
import type { ServedRepository } from "../../../test/world/git-server.ts";
import { DISK_BOUNDS } from "./disk.ts";

let scene: GitScene;
beforeAll(async () => {
  scene = await openGitScene();
});
afterAll(() => scene.end());

const never = new AbortController().signal;
const FILE = "apps/ra/staging/kustomization.yaml";
const MIB = 1024 * 1024;

/** A repository whose server sends every file, whatever is asked of it. */
const whole = async (name: string, large: string): Promise<ServedRepository> => {
  const there = await scene.git.repository(name, { files: { [FILE]: kustomization("1.0.0", "a"), large } });
  await there.git(["config", "uploadpack.allowFilter", "false"]);
  return there;
};
const mirrorsIn = (folder: string): readonly string[] =>
  readdirSync(folder).filter((name) => name.startsWith("mirror-"));

test("a repository that is larger than it may be is refused, and nothing of it stays", async () => {
  const there = await whole("large", randomBytes(3 * MIB).toString("base64"));
  const folder = join(scene.folder, "large");
  const deliverer = await scene.deliverer({ folder, disk: { ...DISK_BOUNDS, mirror: MIB } });
  const place = scene.place(there.url);
  const refusal = { state: "Refused", reason: "RepositoryTooLarge" };
  expect(await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never)).toMatchObject(refusal);
  expect(await deliverer.observe(place, never)).toMatchObject(refusal);
  expect(mirrorsIn(folder)).toEqual([]);
  expect(await there.log()).toHaveLength(1);
});

test("a file of zeros, which is small until it is unpacked, goes past git's memory", async () => {
  const there = await whole("zeros", "\0".repeat(100 * MIB));
  const deliverer = await scene.deliverer();
  const answer = await deliverer.deliver(scene.place(there.url), assignment(1, "2.0.0", "b"), never);
  expect(answer).toMatchObject({ report: { state: "Applied" } });
});

test("what is longest unused goes where too much is kept, and comes again when it is asked for", async () => {
  const folder = join(scene.folder, "kept");
  const deliverer = await scene.deliverer({ folder, disk: { ...DISK_BOUNDS, kept: 2 * MIB } });
  for (const name of ["one", "two", "three"]) {
    const there = await whole(name, randomBytes(MIB).toString("base64"));
    expect(await deliverer.observe(scene.place(there.url), never)).toMatchObject({ state: "Answered" });
    expect(mirrorsIn(folder)).toHaveLength(1);
  }
  const first = scene.place(`${scene.git.url}/one.git`);
  expect(await deliverer.deliver(first, assignment(1, "2.0.0", "b"), never)).toMatchObject({
    report: { state: "Applied" },
  });
});

test("looks that wait share one fetch, and one that is asked for later sees what came later", async () => {
  const there = await scene.git.repository("looks", { files: { [FILE]: kustomization("1.0.0", "a") } });
  const place = scene.place(there.url);
  const deliverer = await scene.deliverer();
  await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never);
  const fetches = (): number => scene.git.came.filter((one) => one.includes("looks.git/info/refs")).length;
  const before = fetches();
  const looks = await Promise.all(Array.from({ length: 10 }, () => deliverer.observe(place, never)));
  expect(fetches() - before).toBe(1);
  for (const look of looks) expect(look).toMatchObject({ status: { apps: [{ version: "2.0.0" }] } });
  await there.commit({ [FILE]: kustomization("3.0.0", "c") });
  expect(await deliverer.observe(place, never)).toMatchObject({ status: { apps: [{ version: "3.0.0" }] } });
});
