import { expect, test } from "vitest";
import { deploy, gate, tier, TOKEN, update } from "../../test/unit/cli.ts";
import { begunTiers, hasStopped, isMoving, nextOf, waysOn } from "./next.ts";
import type { DeploymentStatus } from "../api/deployment.ts";

const CREATED = Date.parse("2026-11-20T10:00:00Z");
const next = (status?: DeploymentStatus) => nextOf(update("security-patch-001", status), deploy, CREATED + 1000);

test.each<[string, DeploymentStatus | undefined, string]>([
  ["nobody has looked at it yet", undefined, "deploy verify security-patch-001"],
  ["it is verified on Public", { phase: "Verifying", tier: "public" }, "deploy verify security-patch-001"],
  ["it is on its way to OMEGA", { phase: "Delivering", tier: "omega" }, "deploy status security-patch-001 --watch"],
  ["people have to approve", { phase: "AwaitingApproval", tier: "omega" }, "deploy approve security-patch-001"],
  [
    "a server is missing",
    { phase: "Waiting", tier: "public", blockedBy: [gate("references", "Public Server not configured")] },
    "deploy configure public <url> <name>",
  ],
  [
    "mainframes have no OMEGA",
    { phase: "Waiting", tier: "mainframes", blockedBy: [gate("references", "OMEGA Server not configured")] },
    "deploy configure omega <url> <name>",
  ],
  [
    "a window opens by itself, and the override it names is for an emergency",
    { phase: "Waiting", tier: "omega", blockedBy: [gate("window", "closed", `override.ashat.raos.io/omega=${TOKEN}`)] },
    "deploy status security-patch-001 --watch",
  ],
  [
    "approvals are one of several gates",
    { phase: "Waiting", tier: "omega", blockedBy: [gate("window", "closed"), gate("approvals", "one more")] },
    "deploy approve security-patch-001",
  ],
  [
    "a failed check can be repeated",
    { phase: "Held", tier: "public", blockedBy: [gate("held", "x", `verify.ashat.raos.io/public=${TOKEN}`)] },
    "deploy verify security-patch-001 --again",
  ],
  [
    "what failed on OMEGA is repeated there",
    { phase: "Held", tier: "omega", blockedBy: [gate("held", "x", `verify.ashat.raos.io/omega=${TOKEN}`)] },
    "deploy verify security-patch-001 --again --tier omega",
  ],
  [
    "a restore failed",
    { phase: "Held", tier: "omega", blockedBy: [gate("held", "x", `rollback.ashat.raos.io/omega=${TOKEN}`)] },
    "deploy rollback security-patch-001 --tier omega",
  ],
  ["it is through", { phase: "Completed", tier: "mainframes" }, "deploy history security-patch-001 --verify"],
  ["it was put back", { phase: "RolledBack", tier: "omega" }, "deploy history security-patch-001"],
])("when %s, the next command is the one that helps", (_, status, command) => {
  expect(next(status)).toBe(command);
});

test("where nobody has looked at it for long, the next command asks whether an operator runs", () => {
  const later = CREATED + 60_000;
  expect(nextOf(update("x"), deploy, later)).toBe("ashat doctor");
  expect(nextOf(update("x", { observedGeneration: -1 }), deploy, later)).toBe("ashat doctor");
  expect(nextOf(update("x", { phase: "Verifying", tier: "public" }), deploy, later)).toBe("deploy verify x");
});

const waits = (...gates: readonly string[]) =>
  waysOn(
    update("x", { phase: "Waiting", tier: "omega", blockedBy: gates.map((one) => gate(one, "shut")) }),
    deploy,
    CREATED,
  );

test("what waits for its time only may be overridden in an emergency, and nothing else may", () => {
  expect(waits("soak", "window")).toEqual([
    "deploy status x --watch",
    "in an emergency: deploy override x --reason '<why>'",
  ]);
  expect(waits("claim", "window")).toHaveLength(1);
});

const moving = (status: DeploymentStatus) => isMoving(update("x", status));

test("an update goes on by itself unless somebody has to do something", () => {
  expect(moving({ phase: "Delivering" })).toBe(true);
  expect(moving({ phase: "Waiting", blockedBy: [gate("reachable", "silent")] })).toBe(true);
  expect(moving({ phase: "Waiting", blockedBy: [gate("reachable", "silent"), gate("licence", "none")] })).toBe(false);
  expect(moving({ phase: "AwaitingApproval" })).toBe(false);
  expect(moving({ phase: "Completed" })).toBe(false);
});

test.each([
  ["AwaitingApproval", false],
  ["Waiting", false],
  ["Delivering", false],
  ["Held", true],
  ["Completed", true],
  ["Superseded", true],
] as const)("whoever watches an update that is %s: it has stopped, %s", (phase, stopped) => {
  expect(hasStopped(update("x", { phase }))).toBe(stopped);
});

test("a tier has begun when something was delivered to a target of it", () => {
  const tiers = [tier("public", "Passed", ["a"]), tier("omega", "Held", ["b"]), tier("mainframes", "Waiting", ["c"])];
  expect(begunTiers(update("x", { tiers }))).toEqual(["public", "omega"]);
  expect(begunTiers(update("x"))).toEqual([]);
});
