import { expect, test } from "vitest";
import { readApart } from "./read-apart.ts";
import { Refusal } from "./refusal.ts";

const never = new AbortController().signal;
const long = (count: number): readonly [string, string] => ["a.yaml", `x: [${"1,".repeat(count)}1]\n`];
const MANY = Number.POSITIVE_INFINITY;
const BOUNDS = { heapMb: 192, deadlineMs: 60_000, tokens: { file: MANY, all: MANY } };

test("while manifests are read everybody else goes on", async () => {
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns += 1;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  const values = await readApart([long(50_000), ["b.yaml", "a: 1\n---\nb: &b [2]\nc: *b\n"]], never);
  done = true;
  expect(values[1]).toEqual(["b.yaml", [{ a: 1 }, { b: [2], c: [2] }]]);
  expect(turns).toBeGreaterThan(0);
});

test("manifests that take more memory than there is are refused, and the next ones are read", async () => {
  const read = readApart([long(400_000)], never, { ...BOUNDS, heapMb: 32 });
  const next = readApart([["b.yaml", "a: 1"]], never);
  await expect(read).rejects.toThrow(Refusal);
  await expect(read).rejects.toThrow(/more than 32 MB of memory/);
  expect(await next).toEqual([["b.yaml", [{ a: 1 }]]]);
});

test("manifests that take longer than anybody waits are refused", async () => {
  const read = readApart([long(400_000)], never, { ...BOUNDS, deadlineMs: 1 });
  await expect(read).rejects.toThrow(/0\.001 seconds to read.*the author of the update/);
});

test("whoever stops does not wait for what is read, and others do not wait for that", async () => {
  const stop = new AbortController();
  const read = readApart([long(400_000)], stop.signal, BOUNDS);
  const late = readApart([long(1)], stop.signal);
  const next = readApart([["b.yaml", "a: 1"]], never);
  stop.abort(new Error("stopped"));
  await expect(read).rejects.toThrow("stopped");
  await expect(late).rejects.toThrow("stopped");
  expect(await next).toEqual([["b.yaml", [{ a: 1 }]]]);
});
