import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chainOfUpdate } from "../../test/unit/chain-of-update.ts";
import { headsOf } from "../api/heads.ts";
import { checkpointsOf } from "../controllers/checkpoint.ts";
import { signCheckpoint } from "../licence/checkpoint.ts";
import { generateKeys, parseSigningKey, type SigningKey } from "../licence/keys.ts";
import { exported } from "./export.ts";
import { history, type HistoryOptions } from "./history.ts";
import type { RawRecord } from "./records.ts";

const ALL = [...chainOfUpdate(1), ...chainOfUpdate(2)];

let dir: string;
let key: SigningKey;
let keys: string;
let log: string;
let signed: string;

const sign = async (records: readonly RawRecord[], time: string, by = key): Promise<string> => {
  const [claims] = checkpointsOf(
    { time, by: "operator-1", namespace: "raos" },
    headsOf(records.map(({ spec }) => spec)),
    new Map(),
  );
  if (claims === undefined) throw new Error("there is no checkpoint");
  return signCheckpoint(by, claims);
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-anchored-"));
  const pair = await generateKeys();
  key = await parseSigningKey(pair.privateJwk);
  keys = join(dir, "jwks.json");
  await writeFile(keys, pair.jwks);
  const early = await sign(ALL.slice(0, 5), "2026-11-20T11:00:00.000Z");
  signed = await sign(ALL, "2026-11-20T12:00:00.000Z");
  log = join(dir, "operator.log");
  await writeFile(
    log,
    [
      JSON.stringify({ level: "info", msg: "The operator leads." }),
      ...[early, signed].map((checkpoint) =>
        JSON.stringify({ level: "info", checkpoint, msg: "checkpoint of the records" }),
      ),
    ].join("\n"),
  );
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const run = async (records: readonly RawRecord[], options: Partial<HistoryOptions>, update?: string) => {
  const file = join(dir, "chain.jsonl");
  await writeFile(file, records.map(exported).join("\n"));
  const said: string[] = [];
  const face = { print: (line: string) => said.push(line), complain: (line: string) => said.push(line), width: 1000 };
  const code = await history(update, { verify: true, output: "table", file, ...options }, face);
  return { code, said: said.filter((line) => /^(NOT PROVEN|proven {2}nothing)/.test(line)).join("\n") };
};

describe("deploy history --verify --checkpoint", () => {
  it("proves with the operator's whole log that nothing was taken away", async () => {
    expect(await run(ALL, { checkpoint: log, keys })).toEqual({
      code: 0,
      said: "proven  nothing was taken away of what 2 checkpoints of namespace raos named, the last at 2026-11-20T12:00:00.000Z: then 2 updates with 26 records",
    });
  });
  it("takes one checkpoint as it was copied from a screen", async () => {
    expect((await run(ALL, { checkpoint: signed, keys })).code).toBe(0);
    expect((await run(ALL.slice(0, -1), { checkpoint: signed, keys })).said).toContain("security-patch-002 (uid ");
  });
  it("finds what the chain itself does not show: an end that is gone, and an update that is gone", async () => {
    const cut = ALL.slice(0, -3);
    expect((await run(cut, {})).code).toBe(0);
    expect(await run(cut, { checkpoint: log, keys })).toMatchObject({
      code: 3,
      said: expect.stringContaining("10 records here, but the checkpoint of 2026-11-20T12:00:00.000Z names 13 records"),
    });
    expect(await run([], { checkpoint: log, keys })).toMatchObject({
      code: 3,
      said: expect.stringContaining("its whole chain is not here"),
    });
  });
  it("is about one update where one is named", async () => {
    expect((await run(ALL.slice(0, -3), { checkpoint: log, keys }, "security-patch-001")).code).toBe(0);
    expect((await run(ALL.slice(0, -3), { checkpoint: log, keys }, "security-patch-002")).code).toBe(3);
  });
  it("trusts no checkpoint that somebody else signed, or that was changed", async () => {
    const stranger = await parseSigningKey((await generateKeys()).privateJwk);
    const forged = await sign(ALL.slice(0, 3), "2026-11-20T13:00:00.000Z", stranger);
    expect(await run(ALL, { checkpoint: forged, keys })).toMatchObject({
      code: 3,
      said: expect.stringContaining("is not the operator's"),
    });
    const [header = "", payload = "", signature = ""] = signed.split(".");
    const changed = Buffer.from(
      Buffer.from(payload, "base64url").toString().replace('"records":26', '"records":13'),
    ).toString("base64url");
    expect((await run(ALL, { checkpoint: `${header}.${changed}.${signature}`, keys })).code).toBe(3);
  });
  it("asks for the keys, and for a file that holds one", async () => {
    await expect(run(ALL, { checkpoint: log })).rejects.toThrow("--keys <file>");
    await expect(run(ALL, { checkpoint: join(dir, "nowhere.log"), keys })).rejects.toThrow("cannot be read (ENOENT)");
    await expect(run(ALL, { checkpoint: keys, keys })).rejects.toThrow("There is no checkpoint in it");
  });
});
