import { expect, test } from "vitest";
import { IN_FORCE, mainframe, server, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";

const atOmega = (required = 1): Scene => {
  const scene = new Scene(
    update("patch"),
    server("staging", "Public"),
    server("ra-01", "Omega", { approval: { required } }),
    mainframe("cust-1"),
  );
  scene.runPassing();
  return scene;
};
const said = (scene: Scene): string | undefined =>
  scene.run().status.conditions?.find(({ type }) => type === "ActionIgnored")?.message;
const WRONG = "0000000000000000";

test("an approval that does not count is answered with the reason, and no longer when it counts", () => {
  const scene = atOmega();
  scene.annotate({ "approve.ashat.raos.io/omega": WRONG, "by.ashat.raos.io/approve.omega": "alice" });
  expect(said(scene)).toMatch(
    /^approve\.ashat\.raos\.io\/omega does not count: it names 0{16}, and the token is [0-9a-f]{16}$/,
  );
  expect(scene.done.filter((effect) => effect.do === "deliver")).toHaveLength(1);
  scene.act("approve", "omega", "alice");
  expect(said(scene)).toBeUndefined();
});

test("an approval nobody stamped, and a second one of the same person, are answered", () => {
  const scene = atOmega(2);
  scene.act("approve", "omega", "alice");
  scene.act("approve", "omega", "alice", { slot: "2" });
  expect(said(scene)).toContain("approve.ashat.raos.io/omega.2 does not count: one person counts once");
  scene.annotate({ "approve.ashat.raos.io/omega.3": scene.deployment.status.token?.value ?? "" });
  expect(said(scene)).toContain("approve.ashat.raos.io/omega.3 does not count: nobody stamped it");
});

test("an action on a tier that is still ahead is answered, and on one that is behind was answered there", () => {
  const scene = atOmega();
  scene.act("approve", "mainframes", "alice");
  expect(said(scene)).toBe(
    "approve.ashat.raos.io/mainframes does nothing: the update is at omega, and what mainframes asks for is known only when it is there",
  );
  const before = atOmega();
  before.annotate({ "approve.ashat.raos.io/public": WRONG, "by.ashat.raos.io/approve.public": "alice" });
  expect(said(before)).toBeUndefined();
});

test("an approval of an update that was cancelled is answered, and the cancelling itself is not", () => {
  const scene = atOmega();
  scene.act("cancel", "omega", "alice");
  expect(said(scene)).toBeUndefined();
  scene.act("approve", "omega", "bob");
  expect(said(scene)).toBe("approve.ashat.raos.io/omega does nothing: the update has ended as Cancelled");
});

test("whoever watches is told once of what is ignored, and again of something else", () => {
  const scene = atOmega();
  scene.annotate({ "approve.ashat.raos.io/omega": WRONG, "by.ashat.raos.io/approve.omega": "alice" });
  const first = scene.run();
  expect(first.warnings?.map(({ reason, note }) => [reason, note])).toEqual([["ActionIgnored", said(scene)]]);
  expect(scene.run().warnings).toBeUndefined();
  scene.annotate({ "cancel.ashat.raos.io/omega": WRONG, "by.ashat.raos.io/cancel.omega": "alice" });
  expect(scene.run().warnings).toHaveLength(1);
});

test("while the policies cannot be read nothing new is said of what was asked", () => {
  const scene = atOmega();
  scene.act("rollback", "public", "alice", { token: WRONG });
  scene.policies = { state: "NotInForce", reason: "Unknown", message: "the API server is busy" };
  expect(said(scene)).toBeUndefined();
  scene.policies = IN_FORCE;
  const answer = said(scene);
  expect(answer).toContain(`names ${WRONG}`);
  scene.policies = { state: "NotInForce", reason: "Unknown", message: "the API server is busy" };
  expect(said(scene)).toBe(answer);
});
