import { spawn } from "node:child_process";
import { access, chmod, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { RUN } from "../../../scripts/image/config.ts";

/** Why no container can be run here; undefined where one can. */
export async function noContainers(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "containers are run as root here, and this is not root";
  return (await findRunc()) === undefined
    ? "there is no runc on this machine (Debian: apt-get install runc)"
    : undefined;
}

async function findRunc(): Promise<string | undefined> {
  // Debian has it where only root looks.
  for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"]) {
    const path = join(folder, "runc");
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

export interface Ended {
  readonly code: number;
  readonly said: string;
}

/**
 * Runs a command in a container as a restricted pod does: as the user of the image, without capabilities, on a root that nobody can write.
 * Network and names are those of this machine; `shared` is its /tmp.
 */
export async function contained(
  dir: string,
  rootfs: string,
  shared: string,
  args: readonly string[],
  more: readonly string[] = [],
): Promise<Ended> {
  const [uid, gid] = RUN.User.split(":").map(Number);
  const bundle = await mkdtemp(join(dir, "container-"));
  await mkdir(shared, { recursive: true });
  await chmod(shared, 0o1777);
  const none = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };
  const config = {
    ociVersion: "1.0.2",
    process: {
      user: { uid, gid },
      args,
      env: [...RUN.Env, ...more],
      cwd: RUN.WorkingDir,
      capabilities: none,
      noNewPrivileges: true,
    },
    root: { path: rootfs, readonly: true },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"] },
      { destination: "/tmp", type: "none", source: shared, options: ["bind", "nosuid", "nodev"] },
    ],
    linux: { namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })) },
  };
  await writeFile(join(bundle, "config.json"), JSON.stringify(config));
  const runc = (await findRunc()) ?? "runc";
  const child = spawn(
    runc,
    ["--root", join(dir, "runc"), "run", "--bundle", bundle, `ashat-${process.pid}-${bundle.slice(-6)}`],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? -1));
  });
  const [out, err, code] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended]);
  return { code, said: `${out.toString("utf8")}${err.toString("utf8")}` };
}
