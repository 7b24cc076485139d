import { describe, expect, test } from "vitest";
import { chainOfUpdate } from "../../test/unit/chain-of-update.ts";
import type { BlockedBy, DeploymentStatus } from "../api/deployment.ts";
import type { RecordSpec } from "../api/record.ts";
import { newNotices, standingNotices } from "./notices.ts";

const chain = chainOfUpdate(1).map(({ spec }) => spec);
const last = (patch: Partial<RecordSpec>): RecordSpec[] => {
  const record = chain.at(-1);
  if (record === undefined) throw new Error("the chain is empty");
  return [...chain, { ...record, seq: record.seq + 1, hash: "f".repeat(64), ...patch }];
};
const shut = (gate: string, token?: string): BlockedBy => ({
  gate,
  message: `${gate} is shut`,
  who: "people",
  since: "2026-11-20T10:00:00.000Z",
  ...(token !== undefined && { token }),
});
const waits = (token: string, ...more: readonly string[]): DeploymentStatus => ({
  phase: more.length === 0 ? "AwaitingApproval" : "Waiting",
  tier: "omega",
  message: "omega waits for 1 more approval: kubectl annotate ...",
  blockedBy: [...more.map((gate) => shut(gate)), shut("approvals", token)],
  records: { count: chain.length, head: "a".repeat(64) },
});
const at = (phase: DeploymentStatus["phase"], count = chain.length): DeploymentStatus => ({
  phase: phase ?? "Waiting",
  message: "so it is",
  records: { count, head: "a".repeat(64) },
});
const names = (...args: Parameters<typeof newNotices>): readonly string[] =>
  newNotices(...args).map(({ what, key }) => `${what} ${key.slice(0, 12)}`);

describe("somebody is asked to approve", () => {
  test("when an update begins to wait, once", () => {
    expect(names(at("Verifying"), waits("t1"), chain)).toEqual(["awaiting-approval omega t1"]);
    expect(names(waits("t1"), { ...waits("t1"), approval: "1/2" }, chain)).toEqual([]);
  });
  test("again when what they would approve has changed", () => {
    expect(names(waits("t1"), waits("t2"), chain)).toEqual(["awaiting-approval omega t2"]);
  });
  test("before a window opens, so that nobody is asked at night; and not again when it does", () => {
    expect(names(at("Verifying"), waits("t1", "window"), chain)).toEqual(["awaiting-approval omega t1"]);
    expect(names(waits("t1", "window"), waits("t1"), chain)).toEqual([]);
  });
  test("not while something else is shut that they cannot wait for", () => {
    expect(names(at("Verifying"), waits("t1", "claim"), chain)).toEqual([]);
  });
});

describe("what is held is told", () => {
  const one = last({ to: "Held" });
  const two = [...one, { ...(one.at(-1) as RecordSpec), seq: 99, hash: "e".repeat(64) }];
  test("when it is held, and again when another target is", () => {
    expect(names(at("Verifying"), at("Held"), one)).toEqual([`held ${"f".repeat(12)}`]);
    expect(names(at("Held", one.length), at("Held", two.length), two)).toEqual([`held ${"e".repeat(12)}`]);
  });
  test("also where one target was held while others went on, and nothing else is left to do", () => {
    expect(names(at("Delivering", one.length), at("Held", one.length), one)).toEqual([`held ${"f".repeat(12)}`]);
  });
  test("not again when only its message changes", () => {
    expect(names(at("Held", one.length), { ...at("Held", one.length), message: "other" }, one)).toEqual([]);
  });
});

test("ends are told once; other ends and other phases are not", () => {
  expect(names(at("Verifying"), at("Completed"), chain)).toMatchObject([expect.stringMatching(/^completed /)]);
  expect(names(at("RollingBack"), at("RolledBack"), chain)).toMatchObject([expect.stringMatching(/^rolled-back /)]);
  expect(names(at("Completed"), at("Completed"), chain)).toEqual([]);
  for (const phase of ["Cancelled", "Superseded", "Refused", "Delivering"] as const)
    expect(names(at("Waiting"), at(phase), chain)).toEqual([]);
});

test("an override is told with the record that has it, whatever the update does then", () => {
  const overrides: NonNullable<RecordSpec["overrides"]> = [
    { user: "ann", reason: "the shop is down", gates: ["window"] },
  ];
  const records = last({ overrides, message: "omega begins; ann opened window before the time" });
  expect(newNotices(waits("t1"), at("Delivering", records.length), records)).toMatchObject([
    { what: "overridden", key: "f".repeat(64), record: { overrides } },
  ]);
  expect(names(at("Delivering", records.length), at("Verifying", records.length), records)).toEqual([]);
});

test("after a crash what waits is told again, and what has ended only where it is recent; each is the same notice as before", () => {
  const held = last({ to: "Held" });
  const recent = Date.parse(chain.at(-1)?.time ?? "") - 1;
  const again = (status: DeploymentStatus, records = chain, since = recent) =>
    standingNotices(status, records, since).map(({ what, key }) => `${what} ${key.slice(0, 12)}`);
  expect(again(waits("t1"))).toEqual(names(at("Verifying"), waits("t1"), chain));
  expect(again(at("Held"), held, recent + 10_000)).toEqual(names(at("Verifying"), at("Held"), held));
  expect(again(at("Completed"))).toEqual(names(at("Verifying"), at("Completed"), chain));
  expect(again(at("Completed"), chain, recent + 10_000)).toEqual([]);
  expect(again(at("Delivering"))).toEqual([]);
});
