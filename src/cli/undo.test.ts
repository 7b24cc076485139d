import { expect, test } from "vitest";
import { gate, mainframeObject, serverObject, tier, TOKEN, update } from "../../test/unit/cli.ts";
import { cancelOf, rollbackOf, rollbackTier } from "./undo.ts";

const fleet = {
  servers: [serverObject("Public", "PublicStaging"), serverObject("Omega", "OmegaProduction")],
  mainframes: [mainframeObject("mainframe 101", "omega-production")],
};
const parts = { record: "0".repeat(64), targets: "0".repeat(64), quarantine: "0".repeat(64), policies: "0".repeat(64) };
const token = { value: "1111111111111111", parts };
const PUBLIC = tier("public", "Passed", ["public-staging"], "2222222222222222");
const OMEGA = tier("omega", "Passed", ["omega-production"], "3333333333333333");
const FLEET = tier("mainframes", "Passed", ["mainframe-101"], "4444444444444444");

test("before an effect on its tier an update is cancelled under the token that stands now, and what it left behind is named", () => {
  const waiting = update("x", {
    phase: "AwaitingApproval",
    tier: "omega",
    token,
    tiers: [PUBLIC, tier("omega", "Waiting", ["omega-production"])],
  });
  expect(cancelOf(waiting, fleet)).toEqual({
    can: true,
    asked: { verb: "cancel", tier: "omega", token: token.value },
    will: "it goes no further: nothing was delivered to OMEGA yet; what was delivered to Public stays there until it is rolled back",
  });
});

test("after an effect cancelling is a rollback of that tier, under the token it began with", () => {
  const held = update("x", {
    phase: "Held",
    tier: "public",
    token,
    tiers: [tier("public", "Held", ["public-staging"], "2222222222222222")],
  });
  expect(cancelOf(held, fleet)).toMatchObject({
    can: true,
    asked: { verb: "rollback", tier: "public", token: "2222222222222222" },
    will: "PublicStaging goes back to what ran before 9.4.2",
  });
});

test.each(["Completed", "Cancelled", "RolledBack", "RollingBack", "Superseded", "Refused"] as const)(
  "what is %s is not cancelled",
  (phase) => {
    expect(cancelOf(update("x", { phase, tiers: [PUBLIC, OMEGA] }), fleet)).toMatchObject({
      can: false,
      why: expect.stringContaining(`it is ${phase}`),
    });
  },
);

test("a rollback means the furthest servers, and their mainframes go first", () => {
  const completed = update("x", { phase: "Completed", tier: "mainframes", tiers: [PUBLIC, OMEGA, FLEET] });
  expect(rollbackTier(completed)).toBe("omega");
  expect(rollbackOf(completed, "omega", fleet)).toMatchObject({
    asked: { verb: "rollback", tier: "omega", token: "3333333333333333" },
    will: "first 1 Licensed Mainframe that OMEGA feeds, the newest wave first, then OmegaProduction goes back to what ran before 9.4.2",
  });
  expect(rollbackOf(completed, "mainframes", fleet)).toMatchObject({ asked: { token: "4444444444444444" } });
  expect(
    rollbackTier(update("x", { phase: "Waiting", tiers: [tier("public", "Waiting", ["public-staging"])] })),
  ).toBeUndefined();
});

test("a restore that failed is asked again by the token of what is held", () => {
  const failed = update("x", {
    phase: "Held",
    tier: "omega",
    tiers: [PUBLIC, tier("omega", "Held", ["omega-production"], "3333333333333333")],
    blockedBy: [gate("held", "it could not be restored", `rollback.ashat.raos.io/omega=${TOKEN}`)],
  });
  expect(rollbackOf(failed, "omega", fleet)).toMatchObject({ asked: { token: TOKEN } });
  expect(rollbackOf(failed, "public", fleet)).toMatchObject({ asked: { token: "2222222222222222" } });
});

test("what nothing was delivered to, or what is back already, is not rolled back", () => {
  const waiting = update("x", {
    phase: "Waiting",
    tier: "omega",
    tiers: [PUBLIC, tier("omega", "Waiting", ["omega-production"])],
  });
  expect(rollbackOf(waiting, "omega", fleet)).toMatchObject({
    can: false,
    why: expect.stringContaining("nothing of it was delivered to OMEGA"),
  });
  const back = update("x", {
    phase: "RolledBack",
    tier: "omega",
    tiers: [PUBLIC, tier("omega", "RolledBack", ["omega-production"], "3333333333333333")],
  });
  expect(rollbackOf(back, "omega", fleet)).toMatchObject({ can: false, why: "it was put back on OMEGA already" });
});
