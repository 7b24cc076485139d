import { describe, expect, it } from "vitest";
import { unproven } from "./forgery.ts";

/** As API server 1.36.3 answers. */
const answered = (policy: string, text: string): string =>
  'POST /apis/ashat.raos.io/v1alpha1/namespaces/shop/deployments was answered 403 Forbidden: deployments.ashat.raos.io "ashat-forgery-1" is forbidden: ' +
  `ValidatingAdmissionPolicy '${policy}' with binding '${policy}' denied request: ${text}`;
const right = (user: string) =>
  `${user} may not approve on tier omega: that needs the verb approve on tiers.ashat.raos.io/omega`;
const OPERATOR = "system:serviceaccount:ashat-system:ashat";
const stamp = `who acted is stamped by the API server only; where it cannot: by.ashat.raos.io/<verb>.<tier>=${OPERATOR}`;

describe("the refusal of a forged approval", () => {
  it("proves the policies where it is our policy that misses the right of the operator", () => {
    expect(unproven(answered("ashat-actions", right(OPERATOR)), "ApiServer")).toBeUndefined();
    expect(unproven(answered("ashat-actions", right(OPERATOR)), "Client")).toBeUndefined();
  });

  it.each([
    [
      "a stamp that was not replaced",
      answered("ashat-actions", stamp),
      "MutatingAdmissionPolicy/ashat-stamps is not enforced",
    ],
    ["another account", answered("ashat-actions", right("root")), `the operator does not run as ${OPERATOR}`],
    [
      "an account whose name only begins so",
      answered("ashat-actions", right(`${OPERATOR}-2`)),
      `the operator does not run as ${OPERATOR}`,
    ],
    [
      "a policy of somebody else with our words",
      answered("theirs", right(OPERATOR)),
      "refused, but not by ValidatingAdmissionPolicy/ashat-actions",
    ],
    [
      "RBAC",
      `deployments.ashat.raos.io is forbidden: User "${OPERATOR}" cannot create resource`,
      "refused, but not by ValidatingAdmissionPolicy/ashat-actions",
    ],
  ])("proves nothing for %s", (_, refusal, message) => {
    expect(unproven(refusal, "ApiServer")).toContain(message);
  });

  it("blames the account where the client stamps and the stamp is what was refused", () => {
    expect(unproven(answered("ashat-actions", stamp), "Client")).toContain("the operator does not run as");
  });
});
