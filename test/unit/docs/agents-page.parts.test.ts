import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { request } from "node:https";
import { tmpdir } from "node:os";
import type { TLSSocket } from "node:tls";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { bundleInto } from "../../../scripts/image/bundle.ts";
import { AgentConfig, readAgentConfig } from "../../../src/agent/config.ts";
import { pinOf } from "../../../src/dial/trust.ts";
import { generateKeys } from "../../../src/licence/keys.ts";
import { freePorts } from "../../cluster/ports.ts";
import { codeBlocks } from "../markdown.ts";

/** Runs docs/agents.md from top to bottom in a folder that stands for the machine, without its accounts and its systemd. */

const run = promisify(execFile);
const ROOT = new URL("../../../", import.meta.url).pathname;
const page = await readFile(join(ROOT, "docs/agents.md"), "utf8");
const blocks = codeBlocks(page, "sh");
const UNIT = "examples/agent/ashat-agent.service";

/** What needs a cluster, or the accounts and the systemd of a machine that is given to it. */
const NOT_HERE = /^(npm run bundle|kubectl|useradd|userdel|systemctl|journalctl) /;

let dir: string;
let port: number;
let machine: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-agents-page-"));
  [port = 0] = await freePorts(1);
  machine = join(dir, "machine");
  await mkdir(join(machine, "etc/systemd/system"), { recursive: true });
  await Promise.all([bundleInto(join(dir, "dist")), cp(join(ROOT, UNIT), join(dir, UNIT), { recursive: true })]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const here = (block: string): string =>
  block
    .split("\n")
    .filter((line) => !NOT_HERE.test(`${line} `))
    .join("\n")
    .replaceAll(" -o root -g ashat", "")
    .replaceAll(/(?<=[ ])\/(opt|etc|var)\//g, `${machine}/$1/`);
const sh = async (block: string, cwd: string): Promise<string> =>
  (await run("sh", ["-euc", here(block)], { cwd, env: { PATH: process.env["PATH"] } })).stdout;

const statusOf = (at: number): Promise<{ readonly status: number; readonly pin: string }> =>
  new Promise((resolve, reject) => {
    const asked = request(
      { host: "127.0.0.1", port: at, path: "/v1/status", rejectUnauthorized: false },
      (response) => {
        const { raw } = (response.socket as TLSSocket).getPeerCertificate();
        response.resume();
        resolve({ status: response.statusCode ?? 0, pin: pinOf(raw) });
      },
    );
    asked.once("error", reject);
    asked.end();
  });

describe("docs/agents.md", () => {
  let pin = "";
  const [carrying = "", ...onTarget] = blocks;
  const leaving = onTarget.findIndex((block) => block.includes("disable --now"));

  test("what is carried to a target is made as it stands, but for the key, which a cluster has", async () => {
    await sh(carrying, dir);
    const keys = await generateKeys();
    await writeFile(join(dir, "carry", "operator-keys.json"), keys.jwks);
    expect(carrying).toContain("> carry/operator-keys.json");
  });

  test.each(onTarget.slice(0, leaving).map((block) => ({ block, first: block.split("\n")[0] ?? "" })))(
    "works as it stands: $first",
    async ({ block }) => {
      const said = await sh(block, join(dir, "carry"));
      if (block.includes("sha256sum")) pin = said.slice(0, 64);
    },
  );

  test("what came of it is an agent that listens, is the one that was pinned, and tells nothing to nobody", async () => {
    const config = join(machine, "etc/ashat/agent.yaml");
    expect(await readAgentConfig(config)).toMatchObject({ root: join(machine, "var/lib/ashat"), keep: 3 });
    await writeFile(config, `${await readFile(config, "utf8")}listen: {host: 127.0.0.1, port: ${port}}\n`);
    const unit = await readFile(join(machine, "etc/systemd/system/ashat-agent.service"), "utf8");
    const [, program = "", ...args] = /^ExecStart=(\S+) (\S+) (\S+) (\S+) (\S+)$/m.exec(unit) ?? [];
    expect(program).toBe("/usr/bin/node");
    const agent = spawn(
      process.execPath,
      args.map((arg) => arg.replace(/^\/(opt|etc)\//, `${machine}/$1/`)),
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const ended = once(agent, "exit");
    try {
      for await (const line of createInterface({ input: agent.stdout })) if (line.includes("agent listens")) break;
      expect(await statusOf(port)).toEqual({ status: 401, pin });
    } finally {
      agent.kill("SIGTERM");
    }
    expect(await ended).toEqual([0, null]);
  });

  test("what takes it away takes all of it, but the releases", async () => {
    await sh(onTarget[leaving] ?? "", join(dir, "carry"));
    for (const gone of ["etc/ashat", "opt/ashat", "etc/systemd/system/ashat-agent.service"])
      await expect(access(join(machine, gone))).rejects.toThrow("ENOENT");
    await access(join(machine, "var/lib/ashat"));
  });

  test("the unit is one that systemd takes", async ({ skip }) => {
    const there = await run("systemd-analyze", ["--version"]).then(
      () => true,
      () => false,
    );
    skip(!there, "there is no systemd-analyze on this machine (Debian: apt-get install systemd)");
    const copy = join(dir, "ashat-agent.service");
    const unit = await readFile(join(ROOT, UNIT), "utf8");
    await writeFile(copy, unit.replace("/usr/bin/node", process.execPath));
    const { stdout, stderr } = await run("systemd-analyze", ["verify", copy]);
    expect(stdout + stderr).toBe("");
  });
});

interface Node {
  readonly type?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
}

/** Every field that can be written, with what it is where nobody writes it. */
const fieldsOf = ({ properties = {}, required = [] }: Node, path: readonly string[] = []): readonly string[] =>
  Object.entries(properties).flatMap(([name, node]) =>
    node.properties === undefined
      ? [
          `${[...path, name].join(".")} ${node.default === undefined ? (required.includes(name) ? "needed" : "none") : JSON.stringify(node.default)}`,
        ]
      : fieldsOf(node, [...path, name]),
  );

test("the table of docs/agents.md is the configuration, field by field and default by default", () => {
  const schema = z.toJSONSchema(AgentConfig, { io: "input", unrepresentable: "any" }) as Node;
  const rows = page.matchAll(/^\| `([a-zA-Z.0-9]+)` \| ([^|]+) \| /gm);
  const told = [...rows].map(([, field = "", value = ""]) => `${field} ${plainDefault(value)}`);
  expect(told).toEqual(fieldsOf(schema));
});

const plainDefault = (cell: string): string =>
  cell
    .replace(/^`(.*)`$/, "$1")
    .replace(/^needed with .*/, "needed")
    .replace(/^every layer$/, "none");
