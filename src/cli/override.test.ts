import { expect, test } from "vitest";
import { gate, TOKEN, update } from "../../test/unit/cli.ts";
import { timeGates } from "./override.ts";

const OVERRIDE = `override.ashat.raos.io/omega=${TOKEN}`;
const waiting = (...blockedBy: readonly ReturnType<typeof gate>[]) =>
  update("x", { phase: "Waiting", tier: "omega", blockedBy: [...blockedBy] });

test("an override opens what only time keeps shut, all of it, under the token of its tier", () => {
  expect(timeGates(waiting(gate("window", "shut", OVERRIDE), gate("soak", "until noon", OVERRIDE)))).toEqual({
    tier: "omega",
    token: TOKEN,
    gates: ["window", "soak"],
  });
});

test("beside an approval that is missing it opens the window and nothing else", () => {
  const approvals = gate("approvals", "one more", `approve.ashat.raos.io/omega=${"1".repeat(16)}`);
  expect(timeGates(waiting(approvals, gate("window", "shut", OVERRIDE)))).toMatchObject({
    token: TOKEN,
    gates: ["window"],
  });
});

test("where nothing waits for its time there is nothing to override", () => {
  expect(timeGates(waiting(gate("claim", "taken")))).toBeUndefined();
  expect(timeGates(update("x", { phase: "Verifying", tier: "omega" }))).toBeUndefined();
  expect(timeGates(update("x"))).toBeUndefined();
});
