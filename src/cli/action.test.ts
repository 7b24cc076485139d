import { expect, test } from "vitest";
import { actedAlready, actionIn, annotationsFor } from "./action.ts";

const TOKEN = "bde6be9f58e5cc62";
const approve = { verb: "approve", tier: "omega", token: TOKEN } as const;

test("a printed command is read for what it does, whatever its slot and whoever stamps", () => {
  const command = "kubectl annotate deployments.ashat.raos.io/x -n raos --field-manager=ashat";
  expect(actionIn(`${command} approve.ashat.raos.io/omega=${TOKEN}`)).toEqual(approve);
  expect(
    actionIn(`${command} approve.ashat.raos.io/omega.2=${TOKEN} by.ashat.raos.io/approve.omega.2="$(whoami)"`),
  ).toEqual(approve);
  expect(actionIn(`${command} verify.ashat.raos.io/public=${TOKEN}`)).toEqual({
    ...approve,
    verb: "verify",
    tier: "public",
  });
});

test("a command that does something else is no action", () => {
  expect(actionIn("kubectl delete deployments.ashat.raos.io/x -n raos")).toBeUndefined();
  expect(actionIn(`kubectl annotate x approve.ashat.raos.io/prod=${TOKEN}`)).toBeUndefined();
  expect(actionIn(undefined)).toBeUndefined();
});

test("an action goes into the first slot nobody used", () => {
  const first = annotationsFor(approve, {}, undefined);
  expect(first).toEqual({ "approve.ashat.raos.io/omega": TOKEN });
  const second = annotationsFor({ ...approve, reason: "looked at it" }, first, undefined);
  expect(second).toEqual({ "approve.ashat.raos.io/omega.2": `${TOKEN} looked at it` });
  expect(annotationsFor(approve, { "approve.ashat.raos.io/omega.2": "x" }, undefined)).toEqual(first);
  expect(annotationsFor(approve, { ...first, ...second, "cancel.ashat.raos.io/omega.3": "x" }, undefined)).toEqual({
    "approve.ashat.raos.io/omega.3": TOKEN,
  });
});

test("where the client stamps, the stamp stands in the slot of the action", () => {
  expect(annotationsFor(approve, { "approve.ashat.raos.io/omega": "old" }, "ann")).toEqual({
    "approve.ashat.raos.io/omega.2": TOKEN,
    "by.ashat.raos.io/approve.omega.2": "ann",
  });
});

test("who acted under an older token has not acted yet", () => {
  const annotations = { "approve.ashat.raos.io/omega": "0000000000000000", "by.ashat.raos.io/approve.omega": "ann" };
  expect(actedAlready(annotations, approve, "ann")).toBe(false);
  expect(actedAlready({ ...annotations, "approve.ashat.raos.io/omega": TOKEN }, approve, "ann")).toBe(true);
  expect(actedAlready({ ...annotations, "approve.ashat.raos.io/omega": TOKEN }, approve, "ben")).toBe(false);
});
