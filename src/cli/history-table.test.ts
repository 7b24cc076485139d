import { expect, test } from "vitest";
import { type RecordBody, recordName, seal } from "../api/record.ts";
import { historyTable } from "./history-table.ts";
import type { RawRecord } from "./records.ts";

const deployment = { name: "security-patch-001", uid: "602f3891-2a1b-4c3d-8e4f-5a6b7c8d9e0f" };
const record = (seq: number, more: Partial<RecordBody> = {}): RawRecord => ({
  namespace: "raos",
  name: recordName(deployment, seq),
  spec: seal({
    seq,
    previous: "",
    time: "2026-11-20T10:00:00.000Z",
    deployment,
    app: "default",
    version: "9.4.2",
    artifacts: [],
    to: "Verifying",
    reason: "VerificationStarted",
    message: "public-staging applied it, so it is verified there by six checks, each in a pod of its own",
    actor: { name: "operator", known: "Operator" },
    ...more,
  }),
});
const CHAIN = [
  record(0, { to: "Waiting", reason: "Created", actor: { name: "author", known: "Admission" } }),
  record(10, { tier: "mainframes", from: "Delivering" }),
];
const widest = (lines: readonly string[]): number => Math.max(...lines.map((line) => line.length));

test("on a screen of 100 columns every column has room", () => {
  const lines = historyTable(CHAIN, 100);
  expect(lines[0]).toBe("SEQ  TIME                  TIER        FROM        TO         REASON               ACTOR");
  expect(widest(lines)).toBeLessThanOrEqual(100);
});

test("on a screen of 80 columns where it came from is left out", () => {
  const lines = historyTable(CHAIN, 80);
  expect(lines[0]).toBe("SEQ  TIME                  TIER        TO         REASON               ACTOR");
  expect(lines).toContain("10   2026-11-20T10:00:00Z  mainframes  Verifying  VerificationStarted  operator");
  expect(lines).toContain("     public-staging applied it, so it is verified there by six checks, each in a");
  expect(widest(lines)).toBeLessThanOrEqual(80);
});

test("on a screen of 70 columns the time has no year", () => {
  const lines = historyTable(CHAIN, 70);
  expect(lines[0]).toBe("SEQ  TIME (UTC)   TIER        TO         REASON               ACTOR");
  expect(lines).toContain("10   11-20 10:00  mainframes  Verifying  VerificationStarted  operator");
  expect(widest(lines)).toBeLessThanOrEqual(70);
});

test("a long account has no column of its own: it stands in the sentence", () => {
  const name = "system:serviceaccount:flux-system:kustomize-controller";
  const lines = historyTable([record(0, { actor: { name, known: "Admission" } })], 80);
  expect(lines[0]).not.toContain("ACTOR");
  expect(lines.join(" ")).toContain(`by ${name}:`);
  expect(widest(lines)).toBeLessThanOrEqual(80);
});

test("in a file a record is one line", () => {
  expect(historyTable(CHAIN)).toHaveLength(3);
});

const target = (name: string, layers?: string[]) => ({
  kind: "Server" as const,
  name,
  uid: `uid-${name}`,
  ...(layers !== undefined && { layers }),
});

test.each([
  ["one layer", [target("ra-01", ["program"]), target("ra-02", ["program"])], "; layer program"],
  [
    "something else to each target",
    [target("ra-01", ["program"]), target("ra-02", ["database", "program"])],
    "; layer program to ra-01; layers database, program to ra-02",
  ],
  ["an update of one artifact", [target("ra-01")], ""],
] as const)("a move that delivered %s says so", (_, targets, said) => {
  const moved = record(3, {
    to: "Delivering",
    reason: "Approved",
    message: "9.4.2 goes to them",
    targets: [...targets],
  });
  expect(historyTable([moved])[1]).toMatch(new RegExp(`  9\\.4\\.2 goes to them${said}$`));
});
