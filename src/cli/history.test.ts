import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recordName, seal } from "../api/record.ts";
import { exported } from "./export.ts";
import type { Face } from "./face.ts";
import { history } from "./history.ts";
import type { RawRecord } from "./records.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-history-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const record: RawRecord = (() => {
  const deployment = { name: "security-patch-001", uid: "602f3891-2a1b-4c3d-8e4f-5a6b7c8d9e0f" };
  const spec = seal({
    seq: 0,
    previous: "",
    time: "2026-11-20T10:00:00.000Z",
    deployment,
    app: "default",
    version: "9.4.2",
    artifacts: [],
    to: "Waiting",
    reason: "Created",
    message: "default 9.4.2:\nCritical   security fixes",
    actor: { name: "author", known: "Admission" },
  });
  return { namespace: "raos", name: recordName(deployment, 0), spec };
})();

const run = async (
  text: string,
  options: {
    readonly update?: string;
    readonly verify?: boolean;
    readonly output?: "table" | "jsonl";
    readonly width?: number;
  } = {},
) => {
  const file = join(dir, "chain.jsonl");
  await writeFile(file, text);
  const out: string[] = [];
  const err: string[] = [];
  const face: Face = {
    print: (line) => out.push(line),
    complain: (line) => err.push(line),
    width: options.width ?? Number.POSITIVE_INFINITY,
  };
  const code = await history(
    options.update,
    { verify: options.verify ?? false, output: options.output ?? "table", file },
    face,
  );
  return { code, out, err: err.join("\n") };
};

test("a record is one line of the table, whatever its message holds", async () => {
  const { code, out } = await run(exported(record));
  expect(code).toBe(0);
  expect(out.slice(1)).toEqual([
    "SEQ  TIME                  TIER  FROM  TO       REASON   ACTOR   MESSAGE",
    "0    2026-11-20T10:00:00Z  -     -     Waiting  Created  author  default 9.4.2: Critical security fixes",
  ]);
});

test("on a narrow screen the message stands below its row, and no line is wider than the screen", async () => {
  const { out } = await run(exported(record), { width: 70 });
  expect(out).toContain("     default 9.4.2: Critical security fixes");
  expect(Math.max(...out.slice(1).map((line) => line.length))).toBeLessThanOrEqual(70);
});

test("a chain that proves itself ends well, one that was touched ends with 3 and says where", async () => {
  expect(await run(exported(record), { verify: true })).toMatchObject({ code: 0 });
  const touched = await run(exported(record).replace("author", "nobody"), { verify: true });
  expect(touched.code).toBe(3);
  expect(touched.out.join("\n")).toContain(
    "NOT PROVEN  security-patch-001: security-patch-001-602f3891-0: its content does not match its hash",
  );
});

test("lines to keep go to the output alone, and what they prove beside it", async () => {
  const { out, err } = await run(exported(record), { verify: true, output: "jsonl" });
  expect(out).toEqual([exported(record)]);
  expect(err).toContain("proven  1 record of security-patch-001");
});

test("what a chain proves is not wider than the screen either", async () => {
  const { out } = await run(exported(record), { verify: true, width: 80 });
  expect(out.length).toBeGreaterThan(4);
  expect(Math.max(...out.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test("an update without a record is said so, and asking for it by name is an error", async () => {
  expect(await run(exported(record), { update: "other" })).toMatchObject({
    code: 1,
    err: `There is no record of update other in ${join(dir, "chain.jsonl")}.`,
  });
  expect((await run("")).code).toBe(0);
});

test("a file that holds something else is not proven", async () => {
  const { code, out } = await run("garbage", { verify: true });
  expect(code).toBe(3);
  expect(out).toEqual(["NOT PROVEN  line 1 is not JSON"]);
});
