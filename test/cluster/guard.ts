import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";

/**
 * Child processes that never outlive this one, even when it is killed with SIGKILL: a tiny shell, in a session of its own, reads from a pipe
 * which processes to guard. Only this process holds the other end, so the kernel closes it whatever ends this process, and the shell then kills
 * what is left. No root, no prctl, the same on Linux and macOS.
 */
export interface Guarded {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<Exit>;
  readonly running: () => boolean;
  /** Asks (SIGTERM), then forces (SIGKILL) after `graceMs`; the whole process group. */
  readonly stop: (graceMs: number) => Promise<Exit>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

const WATCH = `
guarded=" "
folders=""
cgroups=""
while read -r word what; do
  case $word in
    guard) guarded="$guarded$what " ;;
    release) guarded=$(printf '%s' "$guarded" | sed "s/ $what / /") ;;
    remove) folders="$folders$what
" ;;
    empty) cgroups="$cgroups$what
" ;;
  esac
done
for group in $guarded; do kill -TERM -"$group" 2>/dev/null; done
[ "$guarded" = " " ] || sleep 1
for group in $guarded; do kill -KILL -"$group" 2>/dev/null; done
printf '%s' "$cgroups" | while read -r group; do
  for try in 1 2 3 4 5 6 7 8 9 10; do
    [ -d "$group" ] || break
    find "$group" -depth -type d -exec rmdir {} \\; 2>/dev/null
    [ -d "$group" ] && sleep 0.3
  done
done
printf '%s' "$folders" | while read -r folder; do rm -rf "$folder"; done
`;

let watchdog: ChildProcess | undefined;

const tellWatchdog = (line: string): void => {
  if (!watchdog) {
    watchdog = spawn("/bin/sh", ["-c", WATCH], { stdio: ["pipe", "ignore", "ignore"], detached: true });
    watchdog.unref();
    // The pipe must not keep this process alive: its end is the signal.
    const pipe = watchdog.stdin as unknown as { unref?: () => void };
    pipe.unref?.();
    watchdog.stdin?.on("error", () => {});
  }
  watchdog.stdin?.write(`${line}\n`);
};

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // EPERM is what macOS says of a group in which only a zombie is left.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
};

export const startGuarded = async ({ name, command, args, logFile, env, cwd }: Program): Promise<Guarded> => {
  const log = openSync(logFile, "a");
  const child = spawn(command, [...args], {
    stdio: ["ignore", log, log],
    detached: true,
    ...(env ? { env } : {}),
    ...(cwd ? { cwd } : {}),
  });
  closeSync(log);
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      if (child.pid !== undefined) {
        // As in a container, nothing outlives the first process.
        signalGroup(child.pid, "SIGKILL");
        tellWatchdog(`release ${child.pid}`);
      }
      resolve({ code, signal });
    });
  });
  if (child.pid !== undefined) tellWatchdog(`guard ${child.pid}`);
  await once(child, "spawn");
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} was started but has no process id`);
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    name,
    pid,
    logFile,
    exited,
    running,
    stop: async (graceMs) => {
      if (!running()) return exited;
      signalGroup(pid, "SIGTERM");
      const force = setTimeout(() => signalGroup(pid, "SIGKILL"), graceMs);
      const exit = await exited;
      clearTimeout(force);
      return exit;
    },
  };
};

/** This temporary folder goes away with this process, whatever ends it. */
export const removeAtDeath = (folder: string): void => tellWatchdog(`remove ${folder}`);

/** This control group and those in it go away with this process: they cannot be removed as folders are, and only once nothing runs in them. */
export const removeGroupAtDeath = (group: string): void => tellWatchdog(`empty ${group}`);

/** The end of a program's log, for the error that says why it does not run. */
export const tailOfLog = (logFile: string, lines = 15): string =>
  readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
