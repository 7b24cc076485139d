import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { orderFor, restoreFor } from "../../test/targets/target.ts";
import { Journal, type Entry } from "./journal.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ashat-journal-"));
});
afterEach(() => rm(root, { recursive: true }));

const AT = "2030-01-01T00:00:00.000Z";
const what = (sequence: number) => ({
  version: `1.0.${sequence}`,
  url: "https://alpha.example/a.tgz",
  sha256: "a".repeat(64),
});
const entry = (order: Entry["order"], release: string, activations = 1): Entry => ({
  order,
  release,
  activations,
  state: "Applied",
  reason: "Applied",
  message: "",
  at: AT,
});

const left = (of: Journal): readonly number[] => of.all().map(({ order }) => order.sequence);

it("what is known of a kept release is not forgotten, however many orders came after it", async () => {
  const journal = await Journal.open(root);
  const first = orderFor("shop/old", 1, what(1));
  await journal.put(entry(first, "r-1"));
  await journal.put(entry(orderFor("shop/old", 2, what(2)), "r-2"));
  // Put back over and over: what brought the release and what made it run last count, and nothing in between.
  for (const sequence of [3, 4]) await journal.put(entry(restoreFor(sequence, first), "r-1"));
  await journal.put(entry(restoreFor(5, first), "r-1", 0));
  for (let sequence = 6; sequence <= 105; sequence += 1)
    await journal.put(entry(orderFor("shop/old", sequence, what(sequence)), `r-${sequence}`));
  await journal.prune("default", "main", ["r-1", "r-105"]);
  const expected = [1, 4, ...Array.from({ length: 100 }, (_, index) => index + 6)];
  expect(left(journal)).toEqual(expected);
  expect(left(await Journal.open(root))).toEqual(expected);
});
