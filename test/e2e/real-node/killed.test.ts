import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { glob, readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { NODE_PATIENCE_MS, skippedReason } from "../../cluster/no-real-node.ts";
import { until } from "../../cluster/until.ts";

const skipped = await skippedReason();
const DOOMED = new URL("doomed.ts", import.meta.url).pathname;

interface Traces {
  readonly dirs: readonly string[];
  readonly host: string;
}

/** Processes of which a word of the command line names one of these folders. */
const processesOf = async (dirs: readonly string[]): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const path of glob("/proc/[0-9]*/cmdline")) {
    const line = (await readFile(path, "utf8").catch(() => "")).replaceAll("\0", " ");
    if (dirs.some((dir) => line.includes(dir))) found.push(line);
  }
  return found;
};

const groupsOf = async (dirs: readonly string[]): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const dir of dirs)
    for await (const path of glob([`/sys/fs/cgroup/${basename(dir)}`, `/sys/fs/cgroup/*/${basename(dir)}`]))
      found.push(path);
  return found;
};

const hasAddress = (host: string): boolean =>
  Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === host) === true);

describe.skipIf(skipped !== undefined)(`a real node${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  test(
    "leaves nothing behind when the process that started it is killed with SIGKILL",
    async () => {
      const child = spawn(process.execPath, [DOOMED], { stdio: ["ignore", "pipe", "inherit"] });
      const { value } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
      const { dirs, host } = JSON.parse(String(value)) as Traces;
      // All of it is there, so that its absence afterwards means something.
      expect((await processesOf(dirs)).length).toBeGreaterThan(5);
      expect((await groupsOf(dirs)).length).toBeGreaterThan(0);
      expect(hasAddress(host)).toBe(true);
      child.kill("SIGKILL");
      await once(child, "exit");
      const left = async (): Promise<object> => ({
        processes: await processesOf(dirs),
        groups: await groupsOf(dirs),
        folders: dirs.filter((dir) => existsSync(dir)),
        address: hasAddress(host),
      });
      const nothing = { processes: [], groups: [], folders: [], address: false };
      await until("nothing is left", async () => JSON.stringify(await left()) === JSON.stringify(nothing)).catch(
        () => undefined,
      );
      expect(await left()).toEqual(nothing);
    },
    NODE_PATIENCE_MS,
  );
});
