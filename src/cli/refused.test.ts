import { expect, test } from "vitest";
import { AUTHOR_KEY } from "../api/actions.ts";
import { update } from "../../test/unit/cli.ts";
import { statusError } from "../kube/errors.ts";
import { No } from "./no.ts";
import { orDeleted, refusedAction, refusedRequest } from "./refused.ts";

const answered = (code: number, message: string, details?: object) =>
  statusError(
    "PATCH /apis/ashat.raos.io/v1alpha1/namespaces/raos/deployments/x",
    { code, reason: "Forbidden", message, details },
    { status: code },
  );
const asked = { verb: "approve", tier: "omega", who: "ann", namespace: "raos" } as const;
const write = { what: "Pushing x", role: "ashat-editor", namespace: "raos" } as const;

test("a missing verb is said without the wire around it, with the command that gives it", () => {
  const error = refusedAction(
    answered(
      403,
      `deployments.ashat.raos.io "x" is forbidden: ValidatingAdmissionPolicy 'ashat-actions' with binding 'ashat-actions' denied request: ann may not approve on tier omega: that needs the verb approve`,
    ),
    asked,
  );
  expect(error).toMatchObject({
    message: "You (ann) may not do this: ann may not approve on tier omega: that needs the verb approve.",
    code: 1,
    next: [
      "a cluster administrator, or whoever administers namespace raos and has the role themselves, gives the right: kubectl create rolebinding ashat-approver-omega-ann --clusterrole=ashat-approver-omega --user=ann -n raos",
    ],
  });
});

test("who may not cancel learns that its author may delete it, and that it stops where approval is needed", () => {
  const refusal = refusedAction(answered(403, "bo may not cancel on tier omega"), { ...asked, verb: "cancel" });
  const error = orDeleted(refusal, update("sp-1", undefined, { annotations: { [AUTHOR_KEY]: "ann" } }), "raos");
  expect(error).toMatchObject({
    message: expect.stringMatching(/may not cancel on tier omega[.] What is not approved does not go on: .*sp-1 stops/),
    next: [
      expect.stringContaining("--clusterrole=ashat-rollback "),
      expect.stringContaining("--clusterrole=ashat-approver-omega "),
      "its author (ann), or whoever else may delete it, stops it and undoes nothing: kubectl delete deployments.ashat.raos.io/sp-1 -n raos",
    ],
  });
  const other = new Error("x");
  expect(orDeleted(other, update("sp-1"), "raos")).toBe(other);
});

test.each(["cancel", "rollback"] as const)(
  "who may not %s is given the role that takes back and nothing else, first",
  (verb) => {
    const error = refusedAction(answered(403, `ann may not ${verb} on tier omega`), { ...asked, verb });
    expect(error instanceof No ? error.next : []).toEqual([
      "a cluster administrator, or whoever administers namespace raos and has the role themselves, gives the right: kubectl create rolebinding ashat-rollback-ann --clusterrole=ashat-rollback --user=ann -n raos",
      expect.stringContaining("--clusterrole=ashat-approver-omega --user=ann -n raos"),
    ]);
  },
);

test("a name with blanks or quotes cannot break out of the printed command", () => {
  const error = refusedAction(answered(403, "x cannot patch"), { ...asked, who: "ann o'hara; rm" });
  expect(error instanceof No ? error.next[0] : "").toContain(String.raw`--user='ann o'\''hara; rm' -n raos`);
});

test("a request without its role names the role and who asked", () => {
  expect(
    refusedRequest(
      answered(403, `deployments.ashat.raos.io is forbidden: User "bo" cannot create resource "deployments"`),
      write,
    ),
  ).toMatchObject({
    message: `Pushing x is not allowed: User "bo" cannot create resource "deployments". It needs the role ashat-editor in namespace raos, if there is such a namespace: look whether it is typed right.`,
    next: [expect.stringContaining("--clusterrole=ashat-editor --user=bo -n raos")],
  });
});

test.each([
  [
    "a wrong object is a no",
    answered(422, `Deployment "x" is invalid: spec.version: version must be SemVer`),
    1,
    /version must be SemVer/,
  ],
  [
    "an unknown kind is another cluster",
    answered(404, "the server could not find the requested resource"),
    3,
    /kinds of ASHAT are not known/,
  ],
  ["a login that ended is said so", answered(401, "Unauthorized"), 3, /does not know who you are/],
  ["a server in trouble is trouble", answered(500, "etcd is down"), 3, /etcd is down/],
])("%s", (_, error, code, message) => {
  expect(refusedRequest(error, write)).toMatchObject({ code, message: expect.stringMatching(message) });
});

test("what is no answer of the API server is left as it is", () => {
  const other = new Error("x");
  expect(refusedRequest(other, write)).toBe(other);
  expect(refusedAction(other, asked)).toBe(other);
});
