import { ADMISSION_VERSION, POLICY_KINDS } from "./policy.ts";
import { GROUP, OPERATOR_NAMESPACE, TIERS, type Tier, type Verb, VERBS } from "./group.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

const LABELS = { "app.kubernetes.io/part-of": "ashat" } as const;
const RBAC = "rbac.authorization.k8s.io";
const ACCOUNT = "ashat";
const FOLLOW = ["list", "watch"] as const;
const READ = ["get", ...FOLLOW] as const;
const EVERY_KIND = ["deployments", "servers", "mainframes", "deploymentrecords"] as const;

const rule = (group: string, resources: readonly string[], verbs: readonly string[]): Rule => ({
  apiGroups: [group],
  resources: [...resources],
  verbs: [...verbs],
});

const clusterRole = (name: string, description: string, rules: readonly Rule[], aggregateTo?: "view" | "admin") => ({
  apiVersion: `${RBAC}/v1`,
  kind: "ClusterRole",
  metadata: {
    name,
    labels: { ...LABELS, ...(aggregateTo === undefined ? {} : { [`${RBAC}/aggregate-to-${aggregateTo}`]: "true" }) },
    annotations: { "kubernetes.io/description": description },
  },
  rules,
});

const subjects = [{ kind: "ServiceAccount", name: ACCOUNT, namespace: OPERATOR_NAMESPACE }] as const;

const EVERYWHERE: readonly Rule[] = [
  rule(GROUP, EVERY_KIND, FOLLOW),
  rule(GROUP, ["deployments"], ["get", "create"]),
  rule(GROUP, ["deploymentrecords"], ["create"]),
  rule(GROUP, ["deployments/status", "servers/status", "mainframes/status"], ["update"]),
  rule("batch", ["jobs"], [...READ, "create", "patch", "delete"]),
  rule("", ["pods"], FOLLOW),
  rule("", ["secrets"], ["get"]),
  rule("events.k8s.io", ["events"], ["create"]),
  // At which revision they applied an update, for its records.
  rule("kustomize.toolkit.fluxcd.io", ["kustomizations"], ["get"]),
  rule("argoproj.io", ["applications"], ["get"]),
  {
    ...rule("apiextensions.k8s.io", ["customresourcedefinitions"], ["get"]),
    resourceNames: EVERY_KIND.map((plural) => `${plural}.${GROUP}`),
  },
  rule(
    ADMISSION_VERSION.replace("/v1", ""),
    POLICY_KINDS.map((kind) => kind.toLowerCase().replace(/y$/, "ie").concat("s")),
    ["list"],
  ),
];

const AT_HOME: readonly Rule[] = [
  rule("coordination.k8s.io", ["leases"], ["get", "create", "update"]),
  // Its own: which image it runs, so that checks run the same.
  rule("", ["pods"], ["get"]),
  // The first operator makes the key that orders are signed with.
  rule("", ["secrets"], ["create"]),
];

const operator = [
  clusterRole(
    "ashat-operator",
    "What the operator needs. It has no verb on tiers, so it cannot approve: it creates deployments as dry run only, with a forged " +
      "approval that the policies must refuse.",
    EVERYWHERE,
  ),
  {
    apiVersion: `${RBAC}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name: "ashat-operator", labels: LABELS },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "ashat-operator" },
    subjects,
  },
  {
    apiVersion: `${RBAC}/v1`,
    kind: "Role",
    metadata: { name: "ashat-operator", namespace: OPERATOR_NAMESPACE, labels: LABELS },
    rules: AT_HOME,
  },
  {
    apiVersion: `${RBAC}/v1`,
    kind: "RoleBinding",
    metadata: { name: "ashat-operator", namespace: OPERATOR_NAMESPACE, labels: LABELS },
    roleRef: { apiGroup: RBAC, kind: "Role", name: "ashat-operator" },
    subjects,
  },
];

/** One question to the authorizer. */
export interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly namespace?: string;
}

const rightsOf = (rules: readonly Rule[], namespace?: string): readonly Right[] =>
  rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [undefined] }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((written) =>
        verbs.flatMap((verb) =>
          resourceNames.map((name) => {
            const [resource = "", subresource] = written.split("/");
            return {
              verb,
              group,
              resource,
              ...(subresource !== undefined && { subresource }),
              ...(name !== undefined && { name }),
              ...(namespace !== undefined && { namespace }),
            };
          }),
        ),
      ),
    ),
  );

/** All that the operator's roles allow, one by one. */
export const OPERATOR_RIGHTS: readonly Right[] = [...rightsOf(EVERYWHERE), ...rightsOf(AT_HOME, OPERATOR_NAMESPACE)];

/** The role that may act on one tier; bound in a namespace, it holds for the updates of that namespace. */
export const approverRole = (tier: Tier): string => `ashat-approver-${tier}`;

/** The least that takes an update back: on every tier, and without a word in what goes forward. */
export const ROLLBACK_ROLE = "ashat-rollback";

/** The roles that give a right to act, the one that gives the least first. */
export const rolesFor = (verb: Verb, tier: Tier): readonly [string, ...string[]] =>
  verb === "cancel" || verb === "rollback" ? [ROLLBACK_ROLE, approverRole(tier)] : [approverRole(tier)];

// Not for `edit`: who may run pods was not asked whether updates go to servers. Acting on a tier is never part of another role.
const people = [
  clusterRole("ashat-viewer", "Reads updates, targets and records.", [rule(GROUP, EVERY_KIND, READ)], "view"),
  clusterRole(
    "ashat-editor",
    "For authors: creates and deletes updates, and withdraws actions. It may neither act on a tier nor change a target.",
    [rule(GROUP, EVERY_KIND, READ), rule(GROUP, ["deployments"], ["create", "update", "patch", "delete"])],
  ),
  clusterRole(
    "ashat-admin",
    "For who administers a namespace: its targets and updates. Acting on a tier needs an approver role all the same.",
    [
      rule(GROUP, EVERY_KIND, READ),
      rule(
        GROUP,
        ["deployments", "servers", "mainframes"],
        ["create", "update", "patch", "delete", "deletecollection"],
      ),
    ],
    "admin",
  ),
  ...TIERS.map((tier) =>
    clusterRole(approverRole(tier), `Acts on tier ${tier}: ${VERBS.join(", ")}.`, [
      { ...rule(GROUP, ["tiers"], VERBS), resourceNames: [tier] },
      rule(GROUP, EVERY_KIND, READ),
      rule(GROUP, ["deployments"], ["patch"]),
    ]),
  ),
  clusterRole(
    ROLLBACK_ROLE,
    "Takes updates back on every tier, for who is on call: cancel and rollback, no approval.",
    [
      rule(GROUP, ["tiers"], ["cancel", "rollback"]),
      rule(GROUP, EVERY_KIND, READ),
      rule(GROUP, ["deployments"], ["patch"]),
    ],
  ),
];

/** Roles and bindings, as they are applied. */
export const RBAC_OBJECTS: readonly object[] = [...operator, ...people];

/** The operator's namespace and account; nothing in it needs more than the restricted Pod Security level. */
export const NAMESPACE_OBJECTS: readonly object[] = [
  {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: OPERATOR_NAMESPACE, labels: { ...LABELS, "pod-security.kubernetes.io/enforce": "restricted" } },
  },
  {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: ACCOUNT, namespace: OPERATOR_NAMESPACE, labels: LABELS },
  },
];
