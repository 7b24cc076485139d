import { spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { plainServer } from "../../test/checks/scene.ts";
import { CHECK_ENV, parseCheckDocument } from "../api/check-run.ts";
import { Checks } from "../api/checks.ts";

const CODE = `import { checkCommand } from ${JSON.stringify(new URL("command.ts", import.meta.url).href)};
await checkCommand().parseAsync(process.argv.slice(1), { from: "user" });`;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command as a process of its own, as a person or a pod runs it. */
const run = (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  onStart: (kill: () => void) => void = () => {},
): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", CODE, "--", ...args], {
      env: { PATH: process.env["PATH"] ?? "", ...env },
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (part) => (out += String(part)));
    child.stderr.on("data", (part) => (err += String(part)));
    child.once("close", (code) => resolve({ code, out, err }));
    onStart(() => child.kill("SIGTERM"));
  });

const folder = async (): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), "ashat-check-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
};

describe("a check by hand", () => {
  it("that fails prints the document it is asked for and exits 3", async () => {
    const url = await plainServer((_request, response) => void response.writeHead(500).end());
    const { code, out } = await run(["health", "--url", url, "-o", "json"]);
    expect(parseCheckDocument(out)).toMatchObject({ verdict: "Failed", message: "GET / answers 500 instead of 200." });
    expect(code).toBe(3);
  });

  it("without proof either way exits 1, and never prints the password", async () => {
    const { code, out, err } = await run(["database"], {
      [CHECK_ENV.databaseUrl]: "postgres://ra:s3cret@no-such-host.invalid/ra",
    });
    expect(out).toMatch(/Database Connection: Inconclusive/);
    expect(out + err).not.toContain("s3cret");
    expect(code).toBe(1);
  });

  it("of a kind that does not exist exits 2 and names those that do", async () => {
    const { code, err } = await run(["helth"]);
    expect(err).toMatch(/there is no check "helth"; the checks are health, modules/);
    expect(code).toBe(2);
  });
});

const input = (url: string): string => {
  const checks = Checks.parse({});
  return JSON.stringify({
    target: { namespace: "prod", name: "ra-01" },
    url,
    addresses: { allow: ["127.0.0.0/8"], guarded: [] },
    app: "default",
    version: "9.4.2",
    digest: "",
    checks,
    categories: ["Health Check"],
  });
};

describe("the process in the pod", () => {
  it("exits 0 with a Failed document", async () => {
    const log = join(await folder(), "log");
    const url = await plainServer((_request, response) => void response.writeHead(500).end());
    const { code } = await run([], {
      [CHECK_ENV.input]: input(url),
      [CHECK_ENV.index]: "0",
      [CHECK_ENV.terminationLog]: log,
    });
    expect(parseCheckDocument(await readFile(log, "utf8"))?.verdict).toBe("Failed");
    expect(code).toBe(0);
  });

  it("that is told to end while the server keeps silent still writes why, and exits 0", async () => {
    const log = join(await folder(), "log");
    const asked = new EventEmitter();
    const url = await plainServer(() => void asked.emit("asked"));
    const { code } = await run(
      [],
      { [CHECK_ENV.input]: input(url), [CHECK_ENV.index]: "0", [CHECK_ENV.terminationLog]: log },
      (kill) => void asked.once("asked", kill),
    );
    expect(parseCheckDocument(await readFile(log, "utf8"))).toMatchObject({
      verdict: "Inconclusive",
      message: expect.stringContaining("was stopped"),
    });
    expect(code).toBe(0);
  });

  it("exits 1 where no document can be written", async () => {
    const url = await plainServer((_request, response) => void response.end());
    const { code, err } = await run([], {
      [CHECK_ENV.input]: input(url),
      [CHECK_ENV.index]: "0",
      [CHECK_ENV.terminationLog]: "/nowhere/log",
    });
    expect(err).toMatch(/^No document was written: ENOENT/);
    expect(code).toBe(1);
  });
});
