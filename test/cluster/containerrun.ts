import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startGuarded, tailOfLog, type Guarded } from "./guard.ts";
import { expanded } from "./podenv.ts";
import type { Container, Pod, Terminated } from "./pod.ts";

/** The longest termination message a kubelet keeps: the last 4096 bytes. */
const MESSAGE_BYTES = 4096;

export interface ContainerRun {
  readonly name: string;
  readonly startedAt: string;
  readonly ended: Promise<Terminated>;
  readonly stop: (graceMs: number) => Promise<void>;
}

/** A time as Kubernetes writes it: whole seconds. */
export const stamp = (at = new Date()): string => `${at.toISOString().slice(0, 19)}Z`;

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

const messageOf = async (path: string, container: Container, logFile: string, failed: boolean): Promise<string> => {
  const bytes = await readFile(path);
  const last = bytes.subarray(Math.max(0, bytes.length - MESSAGE_BYTES)).toString("utf8");
  if (last === "" && failed && container.terminationMessagePolicy === "FallbackToLogsOnError")
    return tailOfLog(logFile).slice(-2048);
  return last;
};

const mountsOf = async (root: string, container: Container): Promise<void> => {
  for (const { mountPath } of container.volumeMounts ?? []) await mkdir(join(root, mountPath), { recursive: true });
};

/**
 * Runs one container as a local process: the command that stands for its image, then its args. It gets the environment that the pod gives it and
 * nothing of ours but PATH. A process has no mounts of its own, so `POD_ROOT` is the folder under which its mount paths are, and
 * `ASHAT_TERMINATION_LOG` the file in which it leaves its termination message.
 */
export const startContainer = async (
  pod: Pod,
  container: Container,
  image: readonly string[],
  environment: Readonly<Record<string, string>>,
  dir: string,
): Promise<ContainerRun> => {
  const [command = "", ...prefix] = image;
  const root = join(dir, "root");
  const logFile = join(dir, `${container.name}.log`);
  const messageFile = join(dir, `${container.name}.termination`);
  await mkdir(join(root, "tmp"), { recursive: true });
  await mountsOf(root, container);
  await writeFile(messageFile, "");
  const startedAt = stamp();
  const program = {
    name: `${pod.metadata.namespace}/${pod.metadata.name}/${container.name}`,
    command,
    args: [...prefix, ...(container.args ?? []).map((arg) => expanded(arg, environment))],
    logFile,
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      HOME: root,
      TMPDIR: join(root, "tmp"),
      HOSTNAME: pod.metadata.name,
      ...environment,
      POD_ROOT: root,
      ASHAT_TERMINATION_LOG: messageFile,
    },
  };
  let child: Guarded;
  try {
    child = await startGuarded(program);
  } catch (error) {
    const finishedAt = stamp();
    const failed = {
      exitCode: 128,
      reason: "StartError",
      message: `cannot start ${command}: ${String(error)}`,
      startedAt,
      finishedAt,
    };
    return { name: container.name, startedAt, ended: Promise.resolve(failed), stop: async () => {} };
  }
  const ended = async (): Promise<Terminated> => {
    const { code, signal } = await child.exited;
    const exitCode = code ?? 128 + (SIGNALS[signal ?? ""] ?? 0);
    const message = await messageOf(messageFile, container, logFile, exitCode !== 0);
    return {
      exitCode,
      reason: exitCode === 0 ? "Completed" : "Error",
      ...(message === "" ? {} : { message }),
      startedAt,
      finishedAt: stamp(),
    };
  };
  return {
    name: container.name,
    startedAt,
    ended: ended(),
    stop: async (graceMs) => {
      await child.stop(graceMs);
    },
  };
};
