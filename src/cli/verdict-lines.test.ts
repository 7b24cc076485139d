import { expect, test } from "vitest";
import { PLAIN, tier, update } from "../../test/unit/cli.ts";
import { type RecordBody, recordName, seal } from "../api/record.ts";
import type { RawRecord } from "./records.ts";
import { verdictLines } from "./verdict-lines.ts";
import { verdictsOf } from "./verdicts.ts";

const chain = (...moves: readonly Partial<RecordBody>[]): readonly RawRecord[] =>
  moves.map((move, seq) => {
    const deployment = { name: "x", uid: "602f3891-2a1b-4c3d-8e4f-5a6b7c8d9e0f" };
    const targets = [{ kind: "Server", name: "staging", uid: "u", attempt: 1 }] as const;
    const spec = seal({
      seq,
      previous: "",
      time: "2026-11-20T10:00:00.000Z",
      deployment,
      app: "default",
      version: "9.4.2",
      artifacts: [],
      tier: "public",
      to: "Verifying",
      reason: "Applied",
      message: "staging applied 9.4.2",
      targets: [...targets],
      actor: { name: "operator", known: "Operator" },
      ...move,
    });
    return { namespace: "raos", name: recordName(deployment, seq), spec };
  });

const found = (
  category: "Health Check" | "Module Load Test",
  verdict: "Passed" | "Failed" | "Inconclusive",
  message: string,
) => ({ target: "staging", category, verdict, message }) as const;
const good = found("Health Check", "Passed", "GET / answers 200.");

const shown = (state: "Passed" | "Held" | "RolledBack", ...moves: readonly Partial<RecordBody>[]) => {
  const verdicts = verdictsOf("public", tier("public", state, ["staging"]), chain(...moves));
  return verdictLines(
    { update: update("x"), tier: "public", passed: state === "Passed", verdicts, called: () => "PublicStaging" },
    { paint: PLAIN, width: 78 },
  );
};

test("what passed is said first, then what each check found; what is not configured is no verdict", () => {
  const lines = shown("Passed", {}, { from: "Verifying", to: "Passed", evidence: [good] });
  expect(lines.slice(0, 4)).toEqual([
    "Verification PASSED!",
    "x, default 9.4.2, on Public",
    "",
    "PublicStaging: 1 of 1 check passed",
  ]);
  expect(lines[5]).toBe("  Health Check          Passed   GET / answers 200.");
  expect(lines[6]).toBe("  Module Load Test      -        not configured");
});

test("what failed is named with its reason before the table, at the attempt that failed", () => {
  const bad = found("Module Load Test", "Failed", "billing reports 9.4.1.");
  const targets = [{ kind: "Server", name: "staging", uid: "u", attempt: 2 }] as const;
  const lines = shown("Held", {}, { from: "Verifying", to: "Held", evidence: [good, bad], targets: [...targets] });
  expect(lines.slice(0, 3)).toEqual([
    "Verification FAILED",
    "x, default 9.4.2, on Public",
    "  Module Load Test failed on PublicStaging: billing reports 9.4.1.",
  ]);
  expect(lines[4]).toBe("PublicStaging: 1 of 2 checks passed, attempt 2");
});

test("no proof either way is neither", () => {
  const lines = shown(
    "Held",
    {},
    { from: "Verifying", to: "Held", evidence: [found("Health Check", "Inconclusive", "evicted")] },
  );
  expect(lines[0]).toContain("INCONCLUSIVE");
  expect(lines[2]).toBe("  Health Check proved nothing on PublicStaging: evicted");
});

test("a delivery that failed after an earlier verification shows no old verdict", () => {
  const records = chain(
    {},
    { from: "Verifying", to: "Passed", evidence: [good] },
    { to: "Held", reason: "HookFailed", message: "the hook failed" },
  );
  const [verdict] = verdictsOf("public", tier("public", "Held", ["staging"]), records);
  expect(verdict).toMatchObject({ verdict: "NotVerified", checks: [], message: "the hook failed" });
});

test("what was put back keeps the verdict it had before", () => {
  const lines = shown(
    "RolledBack",
    {},
    { from: "Verifying", to: "Passed", evidence: [good] },
    { from: "RollingBack", to: "RolledBack", message: "back" },
  );
  expect(lines[0]).toBe("It was put back");
  expect(lines.join("\n")).toContain("Health Check          Passed");
});
