import { expect, test } from "vitest";
import { OPERATOR_ACCOUNT } from "../../../src/api/group.ts";
import type { Right } from "../../../src/api/rbac.ts";
import type { AuditEvent } from "../../cluster/audit.ts";
import { unusedRights, usedRights } from "../../cluster/rights.ts";

const RIGHTS: readonly Right[] = [
  { verb: "get", group: "", resource: "secrets" },
  { verb: "update", group: "ashat.raos.io", resource: "servers", subresource: "status" },
  { verb: "get", group: "apiextensions.k8s.io", resource: "customresourcedefinitions", name: "servers.ashat.raos.io" },
  { verb: "create", group: "", resource: "secrets", namespace: "ashat-system" },
];

const asked = (
  verb: string,
  objectRef: NonNullable<AuditEvent["objectRef"]>,
  decision: "allow" | "forbid" = "allow",
  username: string = OPERATOR_ACCOUNT,
  userAgent = "ashat-operator",
): AuditEvent => ({
  auditID: "1",
  stage: "ResponseComplete",
  verb,
  requestURI: "/",
  user: { username },
  userAgent,
  objectRef,
  annotations: { "authorization.k8s.io/decision": decision },
  requestReceivedTimestamp: "2030-01-01T00:00:00Z",
  stageTimestamp: "2030-01-01T00:00:00Z",
});

test("a right is used by a request of the operator that asks for exactly what it allows", () => {
  const { used, refused } = usedRights(
    [
      asked("get", { resource: "secrets", namespace: "prod", name: "db" }),
      asked("update", { apiGroup: "ashat.raos.io", resource: "servers", subresource: "status" }),
      asked("get", { apiGroup: "apiextensions.k8s.io", resource: "customresourcedefinitions", name: "others" }),
      asked("create", { resource: "secrets", namespace: "prod" }),
    ],
    RIGHTS,
  );
  expect(used).toEqual(["get secrets", "update ashat.raos.io/servers/status"]);
  expect(unusedRights(RIGHTS, used)).toEqual([
    "get apiextensions.k8s.io/customresourcedefinitions servers.ashat.raos.io",
    "create secrets in ashat-system",
  ]);
  expect(refused).toEqual([]);
});

test("what others do shows nothing, and what is forbidden is a right that is missing", () => {
  const { used, refused } = usedRights(
    [
      asked("get", { resource: "secrets" }, "allow", "ann"),
      asked("get", { resource: "secrets" }, "allow", OPERATOR_ACCOUNT, "kubectl/v1.36"),
      asked("delete", { resource: "secrets" }, "forbid", OPERATOR_ACCOUNT, "ashat-test"),
      { ...asked("get", { resource: "secrets" }, "forbid"), impersonatedUser: { username: "deployer" } },
      asked("list", { resource: "secrets", namespace: "prod-1a2b3c" }, "forbid"),
      asked("list", { resource: "secrets", namespace: "prod-4d5e6f" }, "forbid"),
    ],
    RIGHTS,
  );
  expect(used).toEqual([]);
  expect(refused).toEqual(["list secrets in prod-…"]);
});
