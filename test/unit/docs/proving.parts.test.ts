import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headsOf } from "../../../src/api/heads.ts";
import { exported } from "../../../src/cli/export.ts";
import type { RawRecord } from "../../../src/cli/records.ts";
import { checkpointsOf } from "../../../src/controllers/checkpoint.ts";
import { signCheckpoint } from "../../../src/licence/checkpoint.ts";
import { generateKeys, parseSigningKey } from "../../../src/licence/keys.ts";
import { chainOfUpdate } from "../chain-of-update.ts";
import { codeBlocks } from "../markdown.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const RECORDS = [...chainOfUpdate(1), ...chainOfUpdate(2)];

let dir: string;
let byHand: string;
let ours: readonly string[];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-proving-"));
  const text = await readFile(`${ROOT}docs/security.md`, "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith("Proving what happened")) ?? "";
  const [commands = "", program = ""] = codeBlocks(section, "sh");
  ours = commands.trim().split("\n");
  byHand = program;
  const pair = await generateKeys();
  const [claims] = checkpointsOf(
    { time: "2026-11-20T12:00:00.000Z", by: "operator-1", namespace: "raos" },
    headsOf(RECORDS.map(({ spec }) => spec)),
    new Map(),
  );
  if (claims === undefined) throw new Error("there is no checkpoint");
  const checkpoint = await signCheckpoint(await parseSigningKey(pair.privateJwk), claims);
  await writeFile(join(dir, "jwks.json"), pair.jwks);
  await writeFile(join(dir, "operator.log"), `${JSON.stringify({ level: "info", checkpoint })}\n`);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Came {
  readonly code: number;
  readonly said: string;
}

/** As somebody would type it, beside the files it names; Node itself instead of npm, which would look for them elsewhere. */
function typed(command: string): Promise<Came> {
  const node = `'${process.execPath}'`;
  const line = command
    .replace(/^npm run -s deploy --/, `${node} '${ROOT}src/cli/main.ts'`)
    .replace(/^node /, `${node} `);
  return new Promise((done) => {
    execFile("/bin/sh", ["-c", line], { cwd: dir }, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), said: out + err });
    });
  });
}

const provenBy = async (records: readonly RawRecord[]): Promise<readonly Came[]> => {
  await writeFile(join(dir, "records.jsonl"), records.map(exported).join("\n"));
  return Promise.all([...ours, byHand].map(typed));
};

describe("the commands with which docs/security.md has a chain proven", () => {
  test("prove one that nobody touched", async () => {
    const came = await provenBy(RECORDS);
    expect(came.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(came[0]?.said).toContain("omega was approved by ann");
    expect(came[1]?.said).toContain("nothing was taken away");
    expect(came[2]?.said).toMatch(/^proven [0-9a-f]{64} [0-9a-f]{64}$/m);
  });

  test("do not prove one in which a word was changed", async () => {
    const changed = RECORDS.map((one, at) =>
      at === 3 ? { ...one, spec: { ...one.spec, message: "as it was" } } : one,
    );
    const came = await provenBy(changed);
    expect(came.map(({ code }) => code)).toEqual([3, 3, 1]);
    expect(came.map(({ said }) => said.includes("NOT PROVEN"))).toEqual([true, true, true]);
  });

  test("find an end that was cut off with the checkpoint, as it says there", async () => {
    expect((await provenBy(RECORDS.slice(0, -1))).map(({ code }) => code)).toEqual([0, 3, 0]);
  });
});
