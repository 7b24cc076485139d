import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Guarded, type Program, startGuarded } from "./guard.ts";
import type { NodeNetwork } from "./node-network.ts";
import { until } from "./until.ts";

const run = promisify(execFile);
// Debian keeps what configures a machine out of the PATH of users, and su keeps theirs.
const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };

/**
 * The machine of a real node: processes, mounts and network of its own, and `/run` and `/var` of its own, so that programs use their usual paths.
 * When its first process ends, the kernel ends every other process in it and takes mounts, wires, routes and packet rules along.
 */
export interface NodeMachine {
  readonly start: (program: Omit<Program, "logFile">) => Promise<Guarded>;
  readonly logFile: (program: string) => string;
  /** The path of this machine for what programs in it know as this one. */
  readonly outside: (path: string) => string;
  /** Whether its end was asked for. */
  readonly stopping: () => boolean;
  readonly stop: () => Promise<void>;
}

// The first process waits for whatever it inherits, so that nothing stays behind as a zombie. A file says that all is mounted.
const FIRST = `
set -e
mount --bind "$1/var" /var
mount --bind "$1/run" /run
mount --make-rshared /
ip link set lo up
: > /run/mounted
while :; do sleep 3600 & wait $!; done
`;

const childOf = async (pid: number): Promise<number | undefined> =>
  Number((await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim()) || undefined;

export const startMachine = async (dir: string, { host, node, pods }: NodeNetwork): Promise<NodeMachine> => {
  await Promise.all(["run", "var/lib", "var/log", "logs"].map((path) => mkdir(join(dir, path), { recursive: true })));
  await symlink("/run", join(dir, "var/run"));
  const logFile = (program: string): string => join(dir, "logs", `${program}.log`);
  const unshare = await startGuarded({
    name: "the machine of the node",
    command: "unshare",
    args: ["--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc", "sh", "-c", FIRST, "node", dir],
    logFile: logFile("machine"),
    cwd: "/",
    env,
  });
  let stopping = false;
  // Its first process takes no SIGTERM; everything else in the machine ends with it.
  const stop = async (): Promise<void> => {
    stopping = true;
    await unshare.stop(0);
  };
  try {
    const first = await until("the machine of the node has its mounts", async () =>
      existsSync(join(dir, "run/mounted")) ? childOf(unshare.pid) : undefined,
    );
    const enter = ["--target", String(first), "--mount", "--pid", "--net", "--"];
    const wire = `ashat${randomBytes(4).toString("hex")}`;
    const ip = (line: string) => run("ip", line.split(" "), { env });
    const ipInside = (line: string) => run("nsenter", [...enter, "ip", ...line.split(" ")], { cwd: "/", env });
    await ip(`link add ${wire} type veth peer name eth0 netns ${first}`);
    await ip(`address add ${host}/30 dev ${wire}`);
    await ip(`link set ${wire} up`);
    await ipInside(`address add ${node}/30 dev eth0`);
    await ipInside("link set eth0 up");
    await ipInside(`route add default via ${host}`);
    await ip(`route add ${pods} via ${node}`);
    return {
      logFile,
      outside: (path) => join(dir, path),
      start: ({ command, args, ...program }) =>
        startGuarded({
          ...program,
          command: "nsenter",
          args: [...enter, command, ...args],
          logFile: logFile(program.name),
          cwd: "/",
          env,
        }),
      stopping: () => stopping,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
