import { describe, expect, test } from "vitest";
import { bare, IN_FORCE, mainframe, NOW, OFF, type Patch, runs, server, sha } from "../../test/unit/fixtures.ts";
import type { TargetReport } from "../api/report.ts";
import type { Server } from "../api/server.ts";
import type { AppState } from "../api/target.ts";
import { driftOf } from "./drift.ts";
import type { SeenAgent } from "./observed.ts";
import { statusOfTarget } from "./target.ts";

const DELIVERED: AppState = {
  app: "default",
  sequence: 3,
  version: "9.4.2",
  digest: `sha256:${sha("a")}`,
  deployment: "patch",
  since: "2030-01-01T00:00:00.000Z",
};
const staging = (app: Partial<AppState> = {}, spec: Patch = {}): Server =>
  server("staging", "Public", spec, { apps: [{ ...DELIVERED, ...app }] });

const right = runs(staging(), "9.4.2", sha("a"), { sequence: 3 });
const older = runs(staging(), "9.4.1", sha("b"), { sequence: 2 });
const nothing = bare();
const atWork: TargetReport = { ...older, seen: older.seen.map((item) => ({ ...item, state: "Switching" })) };

describe("an app has drifted where", () => {
  test.each<[string, Server, TargetReport, { readonly version: string } | undefined]>([
    ["another version runs", staging(), older, { version: "9.4.1" }],
    ["another artifact runs under the version", staging(), runs(staging(), "9.4.2", sha("c")), { version: "9.4.2" }],
    ["this artifact runs under another version", staging(), runs(staging(), "9.4.3", sha("a")), { version: "9.4.3" }],
    ["nothing runs that the agent switched to", staging(), nothing, undefined],
  ])("%s", (_situation, target, status, found) => {
    const drift = driftOf(target, status, "default");
    expect(drift).toMatchObject({ app: "default", delivered: { version: "9.4.2", deployment: "patch" } });
    expect(drift?.runs?.version).toBe(found?.version);
  });
});

test("what runs is what was delivered and a part of it was changed by hand: the part is named, whatever the version says", () => {
  const changed = {
    ...right,
    apps: right.apps.map((item) => ({ ...item, changed: "ConfigMap prod/shop was changed" })),
  };
  const condition = drifted(staging(), answered(changed));
  expect(condition?.message).toContain(
    "ConfigMap prod/shop was changed since default 9.4.2 was delivered by deployments.ashat.raos.io/patch and passed at 2030-01-01T00:00:00.000Z: it is only told here (drift: Flag)",
  );
});

describe("nothing is called drift where", () => {
  const claim = { name: "next", uid: "uid-next", version: "9.4.3" };
  const { version: _version, digest: _digest, ...never } = DELIVERED;
  test.each<[string, Server, TargetReport]>([
    ["what was delivered runs", staging(), right],
    ["the version is written with a leading v", staging({ version: "v9.4.2" }), right],
    ["an update has the target for itself", staging({ claim }), older],
    ["an update was let go half way", staging({ unsettled: "next" }), older],
    ["the agent is still at an order", staging(), atWork],
    ["nothing has passed yet", server("staging", "Public", {}, { apps: [never] }), older],
    ["only another app was delivered", staging({ app: "billing" }), older],
  ])("%s", (_situation, target, status) => {
    expect(driftOf(target, status, "default")).toBeUndefined();
  });
});

const look = (target: Server, agent: SeenAgent, isThere = true, now = NOW) =>
  statusOfTarget({ target, agent, policies: IN_FORCE, isThere: () => isThere }, now);
const answered = (status: TargetReport): SeenAgent => ({ state: "Answered", status });
const drifted = (target: Server, agent: SeenAgent, isThere?: boolean, now?: number) =>
  look(target, agent, isThere, now).conditions?.find(({ type }) => type === "Drifted");

describe("a target says", () => {
  test("what runs, what was delivered by which update, and the exact command that has it delivered again", () => {
    expect(drifted(staging(), answered(older))).toMatchObject({
      status: "True",
      reason: "NotAsDelivered",
      message:
        "it runs default 9.4.1, but 9.4.2 was delivered by deployments.ashat.raos.io/patch and passed at 2030-01-01T00:00:00.000Z: " +
        `it is only told here (drift: Flag); let it be delivered again with kubectl patch servers.ashat.raos.io/staging -n prod --type=merge -p '{"spec":{"drift":"Heal"}}', or deliver 9.4.2 again as a new update, or what should run instead`,
    });
  });

  test("that it is healed, where it is", () => {
    expect(drifted(staging({}, { drift: "Heal" }), answered(nothing))?.message).toMatch(
      /^nothing its agent switched to runs of default, but 9\.4\.2 was .*: deployments\.ashat\.raos\.io\/patch delivers it again, at most once an hour$/,
    );
  });

  test("that nobody can deliver it again, where its update is gone", () => {
    expect(drifted(staging({}, { drift: "Heal" }), answered(older), false)?.message).toMatch(
      /the update that brought it delivers nothing any more, so deliver 9\.4\.2 again as a new update/,
    );
  });

  test("which artifact, where the version tells nothing", () => {
    expect(drifted(staging(), answered(runs(staging(), "9.4.2", sha("c"))))?.message).toMatch(
      /^it runs default 9\.4\.2 \(sha256:cccccccccccc\), but 9\.4\.2 \(sha256:aaaaaaaaaaaa\) was delivered/,
    );
  });

  test("the same as its one sentence, and it stays ready", () => {
    const { conditions, message } = look(staging(), answered(older));
    expect(conditions?.find(({ type }) => type === "Ready")?.status).toBe("True");
    expect(message).toMatch(/^it runs default 9\.4\.1, but/);
  });

  test("nothing of it while all is as delivered", () => {
    expect(look(staging(), answered(right))).toMatchObject({ message: "its agent answers" });
    expect(drifted(staging(), answered(right))).toBeUndefined();
  });

  test("since when: the time stays as long as it lasts, also while its agent is silent", () => {
    const status = look(staging(), answered(older));
    const after = { ...staging(), status };
    const silent: SeenAgent = { state: "NotAnswered", reason: "Unreachable", message: "it cannot be reached" };
    for (const agent of [answered(older), silent])
      expect(drifted(after, agent, true, NOW + 60_000)).toMatchObject({
        status: "True",
        lastTransitionTime: "2030-01-01T00:00:00.000Z",
      });
    expect(drifted(after, answered(right), true, NOW + 60_000)).toBeUndefined();
    expect(look(after, silent).message).toBe("it cannot be reached");
  });

  test("the same again while it lasts, so that nothing is written", () => {
    const status = look(staging(), answered(older));
    expect(look({ ...staging(), status }, answered(older), true, NOW + 60_000)).toEqual(status);
  });

  test("the same of a mainframe", () => {
    const target = { ...mainframe("cust-1"), status: { apps: [DELIVERED] } };
    const agent = answered(runs(target, "9.4.1", sha("b")));
    const { conditions } = statusOfTarget({ target, agent, policies: OFF, isThere: () => true }, NOW);
    expect(conditions?.find(({ type }) => type === "Drifted")?.message).toContain(
      "kubectl patch mainframes.ashat.raos.io/cust-1 -n prod",
    );
  });
});
