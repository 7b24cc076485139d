import { randomBytes } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where demos keep their things: below the checkout, ignored by Git, one folder per run, gone with the run. */
const ROOT = fileURLToPath(new URL("../.demo/", import.meta.url));
const PID = "stage.pid";
const STOP = "stop";
const FAILURE = "last-failure";

export const stopFile = (dir: string): string => join(dir, STOP);

export const there = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

export async function newDir(): Promise<string> {
  const dir = join(ROOT, randomBytes(3).toString("hex"));
  await mkdir(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/** From now on it goes on without whoever started it, and this is how it is found again. */
export const noteKept = (dir: string, pid: number): Promise<void> => writeFile(join(dir, PID), String(pid));

export interface Kept {
  readonly dir: string;
  readonly pid: number;
}

/** The demos that were left running. */
export async function allKept(): Promise<readonly Kept[]> {
  const names = await readdir(ROOT).catch(() => []);
  const found = await Promise.all(
    names.map(async (name): Promise<Kept | undefined> => {
      const dir = join(ROOT, name);
      const pid = Number(await readFile(join(dir, PID), "utf8").catch(() => ""));
      return pid > 0 ? { dir, pid } : undefined;
    }),
  );
  return found.filter((one) => one !== undefined);
}

const isLog = async (path: string): Promise<boolean> =>
  path.endsWith(".log") || ((await stat(path)).isDirectory() && !path.endsWith("/etcd"));

/** Keeps the logs of a run that failed, in the place of those of the one before. */
export async function keepLogs(dir: string): Promise<string> {
  await forgetLogs();
  const kept = join(ROOT, FAILURE);
  await cp(dir, kept, { recursive: true, filter: isLog });
  return kept;
}

/** After a run that went well nobody asks for them. */
export const forgetLogs = (): Promise<void> => rm(join(ROOT, FAILURE), { recursive: true, force: true });

/** Leaves nothing behind where nothing is kept. */
export const tidy = async (): Promise<void> => {
  await rmdir(ROOT).catch(() => {});
};
