import { expect, test } from "vitest";
import type { Condition } from "../api/meta.ts";
import { telling } from "./failure.ts";

const UPDATE = { type: "Stalled", status: "True", replaces: ["Stalled", "Reconciling"] } as const;
const TARGET = { type: "Ready", status: "False", replaces: ["Ready"] } as const;
const NOW = Date.parse("2030-01-01T00:00:00.000Z");
const bug = new Error("the target list is odd");
const tell = (
  voice: typeof UPDATE | typeof TARGET,
  conditions: readonly Condition[],
  kind: "Error" | "Forbidden" | "Stale",
  count: number,
  error = bug,
) => telling(voice, { conditions }, { kind, error, count }, 1, NOW);
const words = (told: ReturnType<typeof telling>) =>
  told?.conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);

test("an error is told at its third time, a refusal at once, a stale store never", () => {
  expect(tell(UPDATE, [], "Error", 2)).toBeUndefined();
  expect(words(tell(UPDATE, [], "Error", 3))).toEqual(["Stalled=True ReconcileError"]);
  expect(words(tell(UPDATE, [], "Forbidden", 1))).toEqual(["Stalled=True Forbidden"]);
  expect(tell(UPDATE, [], "Stale", 1000)).toBeUndefined();
});

test("an error that could not be told at its third time is told at its fourth, and what was told is not told again", () => {
  const told = tell(UPDATE, [], "Error", 4);
  expect(told?.message).toContain("keeps trying: the target list is odd");
  expect(tell(UPDATE, told?.conditions ?? [], "Error", 5)).toBeUndefined();
});

test("a failure that becomes another one is told anew, in its place", () => {
  const first = tell(UPDATE, [], "Error", 3)?.conditions ?? [];
  expect(words(tell(UPDATE, first, "Forbidden", 1, new Error("jobs is forbidden")))).toEqual([
    "Stalled=True Forbidden",
  ]);
  expect(tell(UPDATE, first, "Error", 4, new Error("the agent of omega is silent"))?.message).toContain(
    "omega is silent",
  );
});

test("a target says it as Ready=False and keeps its other conditions", () => {
  const before: Condition[] = [
    {
      type: "Ready",
      status: "True",
      reason: "AgentAnswers",
      message: "its agent answers",
      observedGeneration: 1,
      lastTransitionTime: "2029-01-01T00:00:00.000Z",
    },
    {
      type: "Licensed",
      status: "True",
      reason: "LicenceValid",
      message: "",
      observedGeneration: 1,
      lastTransitionTime: "2029-01-01T00:00:00.000Z",
    },
  ];
  expect(words(tell(TARGET, before, "Error", 3))).toEqual(["Licensed=True LicenceValid", "Ready=False ReconcileError"]);
});
