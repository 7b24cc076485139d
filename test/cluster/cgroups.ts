import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { removeGroupAtDeath } from "./guard.ts";
import { until } from "./until.ts";

const run = promisify(execFile);

interface Mount {
  readonly path: string;
  readonly kind: string;
}

const groupMounts = async (): Promise<readonly Mount[]> =>
  (await readFile("/proc/self/mountinfo", "utf8"))
    .split("\n")
    .map((line) => ({ path: line.split(" ")[4] ?? "", kind: / - (\S+) /.exec(line)?.[1] ?? "" }))
    .filter(({ kind }) => kind === "cgroup" || kind === "cgroup2");

/** A control group under which a kubelet keeps those of its pods, in every hierarchy there is (one in version 2). */
export interface ControlGroup {
  /** As the kubelet is told it. */
  readonly name: string;
  /** Once nothing runs in it any more. */
  readonly remove: () => Promise<void>;
}

export const makeControlGroup = async (name: string): Promise<ControlGroup> => {
  const mounts = await groupMounts();
  const older = mounts.filter(({ kind }) => kind === "cgroup");
  for (const { path } of older.length > 0 ? older : mounts) await mkdir(join(path, name), { recursive: true });
  const folders = mounts.map(({ path }) => join(path, name));
  for (const folder of folders) removeGroupAtDeath(folder);
  return {
    name: `/${name}`,
    remove: async () => {
      await until(`control group ${name} is empty`, async () => {
        const left = folders.filter((folder) => existsSync(folder));
        // Only folders can be removed here; what is in them goes with them, children first.
        await Promise.all(
          left.map((folder) => run("find", [folder, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"])),
        );
        return !folders.some((folder) => existsSync(folder));
      });
    },
  };
};
