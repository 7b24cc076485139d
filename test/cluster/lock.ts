import { randomUUID } from "node:crypto";
import { rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

const TOUCH_MS = 5000;
const ABANDONED_MS = 30_000;

const isTaken = async (path: string): Promise<boolean> => {
  try {
    await writeFile(path, `${process.pid}\n`, { flag: "wx" });
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return true;
    throw error;
  }
};

/** Only one of several waiters can rename an abandoned lock away, so only one of them removes it. */
const removeIfAbandoned = async (path: string): Promise<void> => {
  try {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs < ABANDONED_MS) return;
    const away = `${path}.${randomUUID()}`;
    await rename(path, away);
    await rm(away);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
};

/** Runs `work` while holding the lock file. Its holder touches it, so a lock whose holder died is taken over after half a minute. */
export const withLock = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
  while (await isTaken(path)) {
    await removeIfAbandoned(path);
    await pause(250);
  }
  const touch = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, TOUCH_MS);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    await rm(path, { force: true });
  }
};
