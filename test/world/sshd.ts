import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { removeAtDeath, startGuarded } from "../cluster/guard.ts";
import { freePorts } from "../cluster/ports.ts";
import { until } from "../cluster/until.ts";

/** A real sshd on 127.0.0.1 with host keys and one user's key of its own. */
export interface Sshd {
  readonly port: number;
  readonly user: string;
  readonly identity: string;
  /** The line for known_hosts. */
  readonly knownHosts: string;
  /** A line with another key of another host. */
  readonly otherHost: string;
  readonly stop: () => Promise<void>;
}

const PROGRAM = "/usr/sbin/sshd";
const run = promisify(execFile);

/** Why there is none here; undefined where there is. */
export const noSshd = (): string | undefined => {
  if (!existsSync(PROGRAM)) return "sshd is not installed (Debian: openssh-server)";
  return userInfo().uid === 0 ? undefined : "sshd needs root to let anybody in";
};

export async function newKey(
  folder: string,
  name: string,
): Promise<{ readonly secret: string; readonly open: string }> {
  const file = join(folder, name);
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file]);
  return { secret: await readFile(file, "utf8"), open: (await readFile(`${file}.pub`, "utf8")).trim() };
}

export async function startSshd(): Promise<Sshd> {
  const folder = await mkdtemp(join(tmpdir(), "ashat-sshd-"));
  removeAtDeath(folder);
  await chmod(folder, 0o755);
  const [host, user, other] = [
    await newKey(folder, "host"),
    await newKey(folder, "user"),
    await newKey(folder, "other"),
  ];
  await writeFile(join(folder, "authorized_keys"), `${user.open}\n`, { mode: 0o644 });
  // Where it lives before it knows who somebody is; Debian makes it when the service starts.
  await mkdir("/run/sshd", { recursive: true });
  const [port = 0] = await freePorts(1);
  const config = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${join(folder, "host")}`,
    `AuthorizedKeysFile ${join(folder, "authorized_keys")}`,
    "StrictModes no",
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "UsePAM no",
    "PidFile none",
    "AcceptEnv GIT_PROTOCOL",
    "",
  ];
  await writeFile(join(folder, "sshd_config"), config.join("\n"));
  const program = await startGuarded({
    name: "sshd",
    command: PROGRAM,
    args: ["-D", "-e", "-f", join(folder, "sshd_config")],
    logFile: join(folder, "log"),
  });
  await until("sshd listens", () => listens(port));
  return {
    port,
    user: userInfo().username,
    identity: user.secret,
    knownHosts: `[127.0.0.1]:${port} ${host.open}\n`,
    otherHost: `[127.0.0.1]:${port} ${other.open}\n`,
    stop: async () => {
      await program.stop(2_000);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
