import { spawn } from "node:child_process";
import { OrderFailure, said } from "./failure.ts";

export interface Hook {
  readonly command: readonly string[];
  readonly deadlineSeconds: number;
}

const TAIL = 4096;

export interface HookEnd {
  /** The last of what it printed, for the log of this machine; it may hold secrets and goes nowhere else. */
  readonly output: string;
  readonly problem?: string;
}

/** Runs the command of the agent's own configuration, without a shell; at the deadline its whole process group is killed. */
export const runHook = (hook: Hook, env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HookEnd> => {
  const { promise, resolve, reject } = Promise.withResolvers<HookEnd>();
  const [program = "", ...args] = hook.command;
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let output = "";
  const collect = (part: Buffer): void => {
    output = (output + part.toString("utf8")).slice(-TAIL);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);

  const killGroup = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // The group has ended by itself.
    }
  };
  const deadline = AbortSignal.timeout(hook.deadlineSeconds * 1000);
  const end = AbortSignal.any([deadline, signal]);
  end.addEventListener("abort", killGroup, { once: true });
  const settle = (): void => {
    end.removeEventListener("abort", killGroup);
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
    if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error("stopped"));
    else if (deadline.aborted) resolve({ output, problem: `did not end within ${hook.deadlineSeconds} s` });
    else if (code !== 0) resolve({ output, problem: code === null ? `was killed by ${killedBy ?? "a signal"}` : `ended with exit code ${code}` });
    else resolve({ output });
  });
  return promise;
};

export const hookFailure = (problem: string, release: string, previous: string | undefined): OrderFailure =>
  new OrderFailure(
    "HookFailed",
    `The hook of the agent ${problem}; what it printed is in the agent's log. The new release ${release} is in place and nothing was restored; ${keptBeside(previous)}`,
  );

export const keptBeside = (previous: string | undefined): string =>
  previous === undefined ? "there was no release before it." : `the release before it, ${previous}, is kept beside.`;
