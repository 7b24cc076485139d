import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { runHook } from "./hook.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-hook-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Everything here ends by itself some time, so that broken code leaves no process behind for long. */
const hook = (script: string, deadlineSeconds = 10) => ({ command: ["bash", "-c", script], deadlineSeconds });
const written = (name: string): Promise<string> =>
  vi.waitFor(async () => {
    const text = (await readFile(join(dir, name), "utf8")).trim();
    expect(text).not.toBe("");
    return text;
  });

/** Dead but not yet buried counts as gone. */
const gone = (pid: string): boolean => {
  try {
    return /^(Z.*)?$/.test(execFileSync("ps", ["-o", "stat=", "-p", pid], { encoding: "utf8" }).trim());
  } catch {
    return true;
  }
};

/** Runs a hook until it has written a process id to the file `$PID`, and tells it to end; that process has to be gone then. */
const stopped = async (name: string, script: string, graceMs: number): Promise<void> => {
  const stop = new AbortController();
  const running = runHook(hook(script), { PID: join(dir, name), DIR: dir }, stop.signal, graceMs);
  const pid = await written(name);
  stop.abort(new Error("the agent stops"));
  await expect(running).rejects.toThrow("the agent stops");
  await vi.waitFor(() => expect(gone(pid)).toBe(true));
};

describe("a hook that is told to end", () => {
  it("may tidy up after itself", async () => {
    await stopped("ready", 'trap "echo so > $DIR/tidied; exit 0" TERM; echo $$ > "$PID"; sleep 8 & wait', 30_000);
    expect(await written("tidied")).toBe("so");
  });

  it("takes those with it that it started, also when they do not listen", async () => {
    await stopped("deaf", 'bash -c \'trap "" TERM; echo $$ > "$PID"; sleep 8; :\' & wait', 30_000);
  });

  it("is killed when it does not listen itself", async () => {
    await stopped("stubborn", 'trap "" TERM; echo $$ > "$PID"; sleep 60; :', 100);
  });

  it("by its deadline says so", async () => {
    expect(await runHook(hook("sleep 8", 0.1), {}, new AbortController().signal)).toEqual({
      output: "",
      problem: "did not end within 0.1 s",
    });
  });
});

describe("a hook that ended in time", () => {
  it("may leave a service running, which is what some are for", async () => {
    expect(
      await runHook(hook('sleep 8 & echo $! > "$PID"'), { PID: join(dir, "service") }, new AbortController().signal),
    ).toEqual({ output: "" });
    const pid = await written("service");
    expect(gone(pid)).toBe(false);
    process.kill(Number(pid), "SIGKILL");
  });
});
