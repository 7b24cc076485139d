import { readFile } from "node:fs/promises";

const REREAD_MS = 60_000;

/** The bearer token of a file that somebody else renews: read again each minute, and at once after the server refused it. */
export const tokenFile = (path: string, now: () => number = () => performance.now()) => {
  let held: { readonly value: string; readonly readAt: number } | undefined;
  return async (fresh: boolean): Promise<string> => {
    if (held === undefined || fresh || now() - held.readAt >= REREAD_MS) {
      const token = (await readFile(path, "utf8")).trim();
      if (token === "") throw new Error(`The token file ${path} is empty; whoever mounts it must put a token there.`);
      held = { value: `Bearer ${token}`, readAt: now() };
    }
    return held.value;
  };
};
