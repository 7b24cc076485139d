import { expect, test } from "vitest";
import { IN_FORCE, mainframe, server, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";
import { tokenOfRecorded } from "./token.ts";

const whole = (): Scene =>
  new Scene(update("patch"), server("staging", "Public"), server("ra-01", "Omega"), mainframe("cust-1"));
const types = (scene: Scene) => scene.run().status.conditions?.map(({ type, status }) => `${type}=${status}`);

test("conditions say to Flux and Helm what is meant: under way, waiting for a person, stalled, done", () => {
  const scene = whole();
  expect(types(scene)).toEqual(["Succeeded=Unknown", "Reconciling=True"]);
  scene.runPassing();
  expect(types(scene)).toEqual(["Succeeded=Unknown"]);
  scene.act("approve", "omega", "alice");
  expect(types(scene)).toEqual(["Succeeded=Unknown", "Reconciling=True"]);
  scene.runPassing();
  expect(types(scene)).toEqual(["Succeeded=True"]);

  const failed = whole();
  failed.run();
  failed.verdict("staging", "Failed");
  expect(types(failed)).toEqual(["Succeeded=Unknown", "Stalled=True"]);

  const cancelled = whole();
  cancelled.runPassing();
  cancelled.act("cancel", "omega", "alice");
  expect(types(cancelled)).toEqual(["Succeeded=False"]);
});

test("a gate keeps the time since when it is shut, and a condition the time of its last change", () => {
  const scene = whole();
  scene.runPassing();
  const since = scene.deployment.status.blockedBy?.[0]?.since;
  scene.now += 3_600_000;
  scene.annotate({ "approve.ashat.raos.io/omega": "0000000000000000" });
  const { status } = scene.run();
  expect(status.blockedBy?.[0]?.since).toBe(since);
  expect(status.conditions?.[0]?.lastTransitionTime).toBe(since);
  scene.now += 3_600_000;
  scene.act("approve", "omega", "alice", { slot: "2" });
  scene.run();
  const reconciling = scene.deployment.status.conditions?.find(({ type }) => type === "Reconciling");
  expect(reconciling?.lastTransitionTime).toBe("2030-01-01T02:00:00.000Z");
});

test("a gate that opened and shut again is shut since the second time", () => {
  const scene = new Scene(update("patch"), server("staging", "Public"));
  scene.agents.set("staging", { state: "NotAnswered", reason: "Unreachable", message: "connection refused" });
  scene.run();
  scene.targets.delete("staging");
  scene.run();
  scene.add(server("staging", "Public"));
  scene.now += 60_000;
  expect(scene.run().status.blockedBy).toMatchObject([{ gate: "reachable", since: "2030-01-01T00:01:00.000Z" }]);
});

test("the message is the first gate's sentence with its command, and the same in blockedBy and conditions", () => {
  const scene = whole();
  const { status } = scene.runPassing();
  const [gate] = status.blockedBy ?? [];
  expect(status.message).toBe(`${gate?.message}: ${gate?.command}`);
  expect(status.conditions?.[0]?.message).toBe(status.message);
  expect(gate?.command).toMatch(
    /^kubectl annotate deployments\.ashat\.raos\.io\/patch -n prod --field-manager=ashat approve\.ashat\.raos\.io\/omega=[0-9a-f]{16}$/,
  );
});

test("tiers and their targets are shown with checks and counts, and the chain with its head", () => {
  const scene = whole();
  const { status } = scene.runPassing();
  expect(status.tiers).toEqual([
    {
      name: "public",
      state: "Passed",
      passed: 1,
      total: 1,
      token: tokenOfRecorded(scene.records.find(({ from }) => from === "Waiting")?.token ?? "", IN_FORCE),
      targets: [{ name: "staging", state: "Passed", attempt: 1, checks: "1/1" }],
    },
    { name: "omega", state: "Waiting", passed: 0, total: 1, targets: [{ name: "ra-01", state: "Waiting" }] },
    { name: "mainframes", state: "Waiting", passed: 0, total: 1, targets: [{ name: "cust-1", state: "Waiting" }] },
  ]);
  expect(status).toMatchObject({
    readiness: "1/1",
    approval: "0/1",
    mainframes: "0/1",
    records: { count: scene.records.length, head: scene.last().hash },
  });
});

test("actions that this version does not do are answered", () => {
  const scene = whole();
  scene.runPassing();
  scene.act("rollback", "omega", "alice");
  expect(scene.run().status.conditions?.find(({ type }) => type === "ActionIgnored")?.message).toBe(
    "rollback.ashat.raos.io/omega does nothing: nothing was delivered to omega",
  );
});
