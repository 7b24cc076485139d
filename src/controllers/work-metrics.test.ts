import { Registry } from "@prometheus-io/client";
import { expect, test } from "vitest";
import { chainOfUpdate } from "../../test/unit/chain-of-update.ts";
import type { DeploymentStatus } from "../api/deployment.ts";
import type { RecordSpec } from "../api/record.ts";
import { createLog } from "../runtime/log.ts";
import type { Raw } from "./kinds.ts";
import { createWorkMetrics } from "./work-metrics.ts";

const stage = () => {
  const metrics = new Registry();
  const said: string[] = [];
  const work = createWorkMetrics(metrics, createLog("info", { write: (line) => void said.push(line) }));
  return {
    work,
    said,
    lines: async (name: string): Promise<readonly string[]> =>
      (await metrics.metrics()).split("\n").filter((line) => line.startsWith(`${name}{`)),
  };
};

const write = (
  work: ReturnType<typeof createWorkMetrics>,
  chain: readonly RecordSpec[],
  status: DeploymentStatus = {},
): void => {
  for (const [index, record] of chain.entries())
    work.written(() => ({ record, before: chain.slice(0, index), status, driverOf: () => "agent" }));
};

const raw = (name: string, phase?: DeploymentStatus["phase"], namespace = "raos"): Raw =>
  ({ metadata: { name, namespace }, ...(phase !== undefined && { status: { phase } }) }) as Raw;

test("updates are counted by phase as they come, change and go, and nothing is left of a namespace that is empty", async () => {
  const { work, lines } = stage();
  const there = async () => (await lines("ashat_updates")).filter((line) => !line.endsWith(" 0"));
  work.seen(raw("a"), undefined);
  work.seen(raw("b", "Held"), undefined);
  expect(await there()).toEqual([
    'ashat_updates{namespace="raos",phase="Held"} 1',
    'ashat_updates{namespace="raos",phase="Unseen"} 1',
  ]);
  work.seen(raw("a", "Completed"), raw("a"));
  expect(await there()).toEqual([
    'ashat_updates{namespace="raos",phase="Held"} 1',
    'ashat_updates{namespace="raos",phase="Completed"} 1',
  ]);
  work.seen(undefined, raw("b", "Held"));
  work.seen(undefined, raw("a", "Completed"));
  expect(await lines("ashat_updates")).toEqual([]);
});

test("ten thousand updates are as many lines as there are phases", async () => {
  const { work, lines } = stage();
  for (let number = 0; number < 10_000; number += 1) work.seen(raw(`u-${number}`, "Completed"), undefined);
  expect(await lines("ashat_updates")).toHaveLength(12);
});

test("the records of an update on its way say its verdicts, deliveries and how long each phase took", async () => {
  const { work, lines } = stage();
  write(
    work,
    chainOfUpdate(1).map(({ spec }) => spec),
  );
  expect(await lines("ashat_verdicts_total")).toHaveLength(24);
  expect(await lines("ashat_verdicts_total")).toContain(
    'ashat_verdicts_total{tier="omega",category="Security Scan",verdict="Passed"} 1',
  );
  expect(await lines("ashat_deliveries_total")).toEqual([
    'ashat_deliveries_total{driver="agent",action="deliver",outcome="succeeded"} 4',
  ]);
  // One second from record to record.
  expect(await lines("ashat_phase_duration_seconds_sum")).toEqual(
    ["alpha", "public", "omega", "mainframes"].flatMap((tier) =>
      ["Waiting", "Delivering", "Verifying"].map(
        (phase) => `ashat_phase_duration_seconds_sum{tier="${tier}",phase="${phase}"} 1`,
      ),
    ),
  );
});

test("verifying again goes on being Verifying, and a delivery that fails or is rolled back on its way is over, too", async () => {
  const { work, lines } = stage();
  const [created, begun, applied] = chainOfUpdate(1).map(({ spec }) => spec);
  if (created === undefined || begun === undefined || applied === undefined) throw new Error("the chain is too short");
  const at = (record: RecordSpec, seconds: number, moved: Partial<RecordSpec>): RecordSpec => ({
    ...record,
    ...moved,
    seq: seconds,
    time: new Date(Date.parse(created.time) + seconds * 1000).toISOString(),
  });
  const again = at(applied, 12, { from: "Verifying", to: "Verifying" });
  const held = at(applied, 20, { from: "Verifying", to: "Held" });
  const back = at(applied, 50, { from: "Held", to: "RollingBack" });
  const failed = at(applied, 60, { from: "RollingBack", to: "Held" });
  write(work, [created, begun, applied, again, held, back, failed]);
  write(work, [created, begun, at(begun, 5, { from: "Delivering", to: "RollingBack" })]);
  expect(await lines("ashat_phase_duration_seconds_sum")).toEqual(
    [
      ["Waiting", 2],
      ["Delivering", 5],
      ["Verifying", 18],
      ["Held", 30],
      ["RollingBack", 10],
    ].map(([phase, sum]) => `ashat_phase_duration_seconds_sum{tier="alpha",phase="${phase}"} ${sum}`),
  );
  expect(await lines("ashat_deliveries_total")).toEqual([
    'ashat_deliveries_total{driver="agent",action="deliver",outcome="succeeded"} 1',
    'ashat_deliveries_total{driver="agent",action="restore",outcome="failed"} 1',
    'ashat_deliveries_total{driver="agent",action="deliver",outcome="abandoned"} 1',
  ]);
});

test("how long a person was waited for is told once, also where several targets begin one after the other", async () => {
  const { work, lines } = stage();
  const chain = chainOfUpdate(1).map(({ spec }) => spec);
  const index = chain.findIndex(({ tier, from }) => tier === "omega" && from === "Waiting");
  const first = chain[index];
  if (first === undefined) throw new Error("nothing was approved");
  const since = new Date(Date.parse(first.time) - 3_600_000).toISOString();
  const status: DeploymentStatus = {
    blockedBy: [{ gate: "approvals", message: "0 of 2", who: "approvers", since }],
  };
  write(work, [...chain.slice(0, index + 1), { ...first, seq: first.seq + 1 }], status);
  expect(await lines("ashat_person_wait_seconds_sum")).toEqual([
    'ashat_person_wait_seconds_sum{tier="omega",gate="approvals"} 3600',
  ]);
  expect(await lines("ashat_person_wait_seconds_count")).toEqual([
    'ashat_person_wait_seconds_count{tier="omega",gate="approvals"} 1',
  ]);
});

test("an end is counted when it is said, and not each time the status is written after it", async () => {
  const { work, lines } = stage();
  work.said({ phase: "Verifying" }, { phase: "Completed" });
  work.said({ phase: "Completed" }, { phase: "Completed", message: "left out: cust-2" });
  work.said({ phase: "Waiting" }, { phase: "Delivering" });
  expect(await lines("ashat_updates_ended_total")).toEqual(['ashat_updates_ended_total{phase="Completed"} 1']);
});

test("what cannot be counted is said in the log and costs nothing else", () => {
  const { work, said } = stage();
  work.written(() => {
    throw new Error("the store is gone");
  });
  expect(said.join("")).toContain("Something could not be counted");
});
