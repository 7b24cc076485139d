import { spawn } from "node:child_process";
import { said } from "./failure.ts";

export interface Hook {
  readonly command: readonly string[];
  readonly deadlineSeconds: number;
}

const TAIL = 4096;

/** How long a hook that is told to end may take to tidy up. */
const GRACE_MS = 2_000;

export interface HookEnd {
  /** The last of what it printed, for the log of this machine; it may hold secrets and goes nowhere else. */
  readonly output: string;
  readonly problem?: string;
}

/**
 * Runs the command of the agent's own configuration, without a shell. At the deadline, or when the agent stops, its whole process
 * group is told to end and then killed; what a hook that ended by itself has started is left alone.
 */
export const runHook = (
  hook: Hook,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
  graceMs = GRACE_MS,
): Promise<HookEnd> => {
  const { promise, resolve, reject } = Promise.withResolvers<HookEnd>();
  const [program = "", ...args] = hook.command;
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  const collect = (part: Buffer): void => {
    output = (output + part.toString("utf8")).slice(-TAIL);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);

  const tellGroup = (what: "SIGTERM" | "SIGKILL"): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, what);
    } catch {
      // The group has ended by itself.
    }
  };
  let patience: NodeJS.Timeout | undefined;
  const stop = (): void => {
    tellGroup("SIGTERM");
    patience = setTimeout(() => tellGroup("SIGKILL"), graceMs);
  };
  const deadline = AbortSignal.timeout(hook.deadlineSeconds * 1000);
  const end = AbortSignal.any([deadline, signal]);
  end.addEventListener("abort", stop, { once: true });
  const settle = (): void => {
    end.removeEventListener("abort", stop);
    clearTimeout(patience);
    child.stdout.destroy();
    child.stderr.destroy();
  };

  child.once("error", (error) => {
    settle();
    resolve({ output, problem: `could not be started (${said(error)})` });
  });
  // Not "close": a service that the hook started may hold the pipes for ever.
  child.once("exit", (code, killedBy) => {
    settle();
    // The first of the group has ended as it was told, but not all of the others need have heard.
    if (patience !== undefined) tellGroup("SIGKILL");
    if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error("stopped"));
    else if (patience !== undefined) resolve({ output, problem: `did not end within ${hook.deadlineSeconds} s` });
    else if (code !== 0)
      resolve({
        output,
        problem: code === null ? `was killed by ${killedBy ?? "a signal"}` : `ended with exit code ${code}`,
      });
    else resolve({ output });
  });
  return promise;
};
