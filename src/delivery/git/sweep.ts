import { randomUUID } from "node:crypto";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Differs from run to run, also where every run has the same process id, as in a container. */
const RUN = randomUUID().slice(0, 8);
const NAME = /^(?:session|run)-(\d+)-([0-9a-f]{8})-/;

export const sessionFolder = (folder: string): string => join(folder, `session-${process.pid}-${RUN}-`);

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** Makes the folder, and takes away what a process that was killed left in it: keys may be among that. */
export function sweep(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) {
    const [, pid, run] = NAME.exec(name) ?? [];
    if (pid === undefined || run === RUN) continue;
    if (Number(pid) === process.pid || !isAlive(Number(pid)))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Somebody else of this machine may have made a folder of that name before us. */
const isOurs = (folder: string): boolean => {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found === undefined || (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0);
};

/** A folder for this process alone, in one that all share: who begins takes away what those left there who were killed. */
export function runFolder(parent: string = join(tmpdir(), "ashat-git")): string {
  const own = isOurs(parent) ? parent : mkdtempSync(`${parent}-`);
  sweep(own);
  return mkdtempSync(join(own, `run-${process.pid}-${RUN}-`));
}
