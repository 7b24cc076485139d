import { spawn } from "node:child_process";
import { GitTrouble } from "./trouble.ts";

export interface GitEnd {
  readonly code: number;
  readonly out: Buffer;
  /** The end of what it said, with secrets taken out. */
  readonly said: string;
}

export interface GitRun {
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly input?: string | Buffer;
  /** Takes what comes instead of collecting it. */
  readonly each?: (part: Buffer) => void;
  readonly secrets: readonly string[];
  readonly signal: AbortSignal;
  /** When the whole operation ends, in milliseconds of `AbortSignal.timeout`. */
  readonly deadline: AbortSignal;
}

const MAX_OUT = 16 * 1024 * 1024;
const MAX_SAID = 16_384;

const without = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);

/** Runs git without a shell, in a process group of its own, which is killed whole when it is to stop. */
export const runGit = ({ args, env, cwd, input, each, secrets, signal, deadline }: GitRun): Promise<GitEnd> => {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<GitEnd>();
  const child = spawn("git", [...args], { env: { ...env }, cwd, stdio: ["pipe", "pipe", "pipe"], detached: true });
  const parts: Buffer[] = [];
  let size = 0;
  let said = "";
  let problem: GitTrouble | undefined;
  const kill = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // The group has ended by itself.
    }
  };
  child.stdout.on("data", (part: Buffer) => {
    if (each !== undefined) return each(part);
    size += part.length;
    parts.push(part);
    if (size <= MAX_OUT) return;
    problem = new GitTrouble("Garbage", `git ${args[0] ?? ""} said more than ${MAX_OUT} bytes.`);
    kill();
  });
  child.stderr.on("data", (part: Buffer) => {
    said = (said + part.toString("utf8")).slice(-MAX_SAID);
  });
  // One that ends early does not read to the end of what it is given.
  child.stdin.on("error", () => {});
  child.stdin.end(input ?? "");
  const end = AbortSignal.any([signal, deadline]);
  end.addEventListener("abort", kill, { once: true });
  if (end.aborted) kill();
  child.on("error", () => {
    problem = new GitTrouble(
      "Unreachable",
      "git cannot be started where the operator runs; its image needs git and ssh.",
    );
  });
  child.on("close", (code) => {
    end.removeEventListener("abort", kill);
    if (signal.aborted) return reject(signal.reason as Error);
    if (problem !== undefined) return reject(problem);
    if (deadline.aborted)
      return reject(new GitTrouble("Unreachable", "The repository did not answer in time; it is asked again."));
    resolve({ code: code ?? -1, out: Buffer.concat(parts), said: without(said, secrets) });
  });
  return promise;
};
