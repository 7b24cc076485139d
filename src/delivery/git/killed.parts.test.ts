import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GitScene, assignment, kustomization, openGitScene, ORDER_KEY } from "../../../test/world/git-scene.ts";

let scene: GitScene;
beforeAll(async () => {
  scene = await openGitScene();
});
afterAll(() => scene.end());

const OPERATOR = new URL("../../../test/world/git-operator.ts", import.meta.url).pathname;
const never = new AbortController().signal;

test("an operator that is killed between the push and its answer has delivered once, and leaves no key behind", async () => {
  const files = { "apps/ra/staging/kustomization.yaml": kustomization("1.0.0", "a") };
  const there = await scene.git.repository("killed", { files });
  const place = scene.place(there.url);
  const folder = join(scene.folder, "killed");
  const order = assignment(1, "2.0.0", "b");
  const pidFile = join(scene.folder, "pid");
  // The branch has moved when this hook runs, and nobody was told yet.
  await there.hook("post-receive", `read pid < ${pidFile}; kill -9 $pid; sleep 0.2`);
  const child = spawn(process.execPath, [OPERATOR], { stdio: ["pipe", "ignore", "inherit"] });
  await writeFile(pidFile, `${child.pid}\n`);
  child.stdin.end(JSON.stringify({ folder, place, assignment: order, orderKey: ORDER_KEY }));
  const [, killedBy] = (await once(child, "exit")) as [number | null, string | null];
  expect(killedBy).toBe("SIGKILL");
  const [pushed, ...older] = await there.log();
  expect(older).toHaveLength(1);
  expect((await readdir(folder)).some((name) => name.startsWith("session-"))).toBe(true);

  await there.hook("post-receive", "exit 0");
  const next = await scene.deliverer({ folder });
  expect((await readdir(folder)).some((name) => name.startsWith("session-"))).toBe(false);
  expect(await next.report(place, order.key, never)).toMatchObject({ report: { revision: pushed?.revision } });
  expect(await next.deliver(place, order, never)).toMatchObject({ report: { revision: pushed?.revision } });
  expect(await there.log()).toHaveLength(2);
});
