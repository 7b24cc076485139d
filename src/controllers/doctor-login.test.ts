import { expect, test } from "vitest";
import { statusError } from "../kube/errors.ts";
import { needsAdministrator } from "./doctor-login.ts";

const answered = (code: number, message: string) =>
  statusError("POST /apis/authentication.k8s.io/v1/selfsubjectreviews", { code, message }, { status: code });

test("a plain user learns that it takes a cluster administrator, and how another login is chosen", () => {
  const refused = needsAdministrator(answered(403, 'User "bo" cannot impersonate resource "users"'), "bo");
  const { message } = refused instanceof Error ? refused : new Error();
  expect(message).toMatch(/^ashat doctor asks as the operator's account, and bo may not impersonate system:service/);
  for (const way of ["cluster administrator", "--context <name>", "kubectl config get-contexts", "--kubeconfig <file>"])
    expect(message).toContain(way);
  expect(message).not.toContain("403");
});

test("another trouble is told as it is", () => {
  const trouble = answered(500, "etcd is down");
  expect(needsAdministrator(trouble, "bo")).toBe(trouble);
});
