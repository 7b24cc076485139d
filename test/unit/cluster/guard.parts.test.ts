import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startGuarded } from "../../cluster/guard.ts";
import { until } from "../../cluster/until.ts";

const GUARD = new URL("../../cluster/guard.ts", import.meta.url).href;
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-guard-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Signal 0 only asks; a zombie that nobody has collected yet counts as alive, so its state is read where there is /proc. */
const isAlive = async (pid: number): Promise<boolean> => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/\) Z /.test(stat);
};

test("children that ignore SIGTERM, and their temporary folder, go away when their parent is killed with SIGKILL", async () => {
  const stubborn = "trap '' TERM; sleep 600 & wait; wait";
  const parent = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { startGuarded, removeAtDeath } from ${JSON.stringify(GUARD)};
       import { mkdirSync } from "node:fs";
       mkdirSync(${JSON.stringify(join(dir, "gone"))}); removeAtDeath(${JSON.stringify(join(dir, "gone"))});
       const child = await startGuarded({ name: "stubborn", command: "/bin/sh", args: ["-c", ${JSON.stringify(stubborn)}], logFile: ${JSON.stringify(join(dir, "log"))} });
       console.log(child.pid);
       setInterval(() => {}, 1000);`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(line.toString("utf8"));
  expect(await isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  await until("the child is gone", async () => !(await isAlive(pid)));
  await until("the folder is gone", () => !existsSync(join(dir, "gone")));
});

test("a program that does not exist is an error, not a child", async () => {
  await expect(
    startGuarded({ name: "ghost", command: join(dir, "ghost"), args: [], logFile: join(dir, "log") }),
  ).rejects.toThrow("ENOENT");
});

test("a child that ignores the request to end is forced, with all it started", async () => {
  const script = "trap '' TERM; sleep 600 & echo $!; wait; wait";
  const child = await startGuarded({
    name: "stubborn",
    command: "/bin/sh",
    args: ["-c", script],
    logFile: join(dir, "log"),
  });
  const grandchild = await until(
    "the grandchild has started",
    async () => Number((await readFile(join(dir, "log"), "utf8")).trim()) || undefined,
  );
  expect(await child.stop(50)).toEqual({ code: null, signal: "SIGKILL" });
  await until("the grandchild is gone", async () => !(await isAlive(grandchild)));
  expect(child.running()).toBe(false);
});

test("what a child left behind when it ended by itself ends too, as in a container", async () => {
  const child = await startGuarded({
    name: "careless",
    command: "/bin/sh",
    args: ["-c", "sleep 600 & echo $!"],
    logFile: join(dir, "log"),
  });
  expect(await child.exited).toEqual({ code: 0, signal: null });
  const left = Number(await readFile(join(dir, "log"), "utf8"));
  await until("what it left behind is gone", async () => !(await isAlive(left)));
});
