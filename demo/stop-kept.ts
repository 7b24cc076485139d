import { rm, writeFile } from "node:fs/promises";
import { allKept, stopFile, tidy } from "./places.ts";
import { untilGone } from "./stage-process.ts";

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Ends every demo of this checkout that goes on running; returns how many there were. */
export async function stopKept(): Promise<number> {
  const demos = await allKept();
  await Promise.all(
    demos.map(async ({ dir, pid }) => {
      if (!alive(pid)) return rm(dir, { recursive: true, force: true });
      await writeFile(stopFile(dir), "");
      return untilGone(dir);
    }),
  );
  await tidy();
  return demos.length;
}
