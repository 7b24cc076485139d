import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";

const MODULE = new URL("./broken-pipe.ts", import.meta.url).href;

/** Prints, waits for the other side to let go, prints again, and only then does what it is there for. */
const COMMAND = `
  const { goOnUnread } = await import(${JSON.stringify(MODULE)});
  goOnUnread(process.stdout);
  process.stdout.write("You are about to approve:\\n");
  await new Promise((resolve) => process.stdin.once("data", resolve));
  for (let line = 0; line < 3; line += 1) await new Promise((resolve) => process.stdout.write("unread\\n", () => resolve()));
  await new Promise((resolve) => setImmediate(resolve));
  process.stderr.write("written");
  process.exitCode = 7;
  process.stdin.destroy();
`;

test("a command whose answer nobody reads any more does what was asked, and exits with its own code", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", COMMAND], { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (part: Buffer) => (said += part.toString("utf8")));
  await once(child.stdout, "data");
  child.stdout.destroy();
  await once(child.stdout, "close");
  const ended = once(child, "close");
  child.stdin.write("go on\n");
  expect(await ended).toEqual([7, null]);
  expect(said).toBe("written");
});
