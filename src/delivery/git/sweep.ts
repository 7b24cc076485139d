import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Differs from run to run, also where every run has the same process id, as in a container. */
const RUN = randomUUID().slice(0, 8);
const NAME = /^session-(\d+)-([0-9a-f]{8})-/;

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
