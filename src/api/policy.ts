import { GROUP } from "./group.ts";
import type { JsonSchema } from "./structural.ts";

/** A cluster-wide object of an admission policy, as it is applied and as it is compared with what is live. */
export interface PolicyObject {
  readonly apiVersion: typeof ADMISSION_VERSION;
  readonly kind: PolicyKind;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: JsonSchema;
}

export const ADMISSION_VERSION = "admissionregistration.k8s.io/v1";

export const POLICY_KINDS = [
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
] as const;
export type PolicyKind = (typeof POLICY_KINDS)[number];

/** How the operator finds these objects again with one request per kind. */
export const POLICY_LABELS = { "app.kubernetes.io/part-of": "ashat" } as const;

/** One variable of a policy: CEL, evaluated once and only where it is used. */
export interface Variable {
  readonly name: string;
  readonly expression: string;
}

export interface Validation {
  readonly expression: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason: "Invalid" | "Forbidden";
}

interface Watched {
  readonly group?: string;
  readonly operations: readonly ("CREATE" | "UPDATE" | "DELETE")[];
  readonly resources: readonly string[];
}

/**
 * Resources by their group, in every version: a later version must not be a way around. What the API server would add by itself is written
 * out, because it counts as one value: else each way of applying the same text conflicts with every other.
 */
export const resourceRules = (...watched: readonly Watched[]) => ({
  matchPolicy: "Equivalent",
  namespaceSelector: {},
  objectSelector: {},
  resourceRules: watched.map(({ group = GROUP, operations, resources }) => ({
    apiGroups: [group],
    apiVersions: ["*"],
    operations: [...operations],
    resources: [...resources],
    scope: "*",
  })),
});

const object = (kind: PolicyKind, name: string, spec: JsonSchema): PolicyObject => ({
  apiVersion: ADMISSION_VERSION,
  kind,
  metadata: { name, labels: POLICY_LABELS },
  spec,
});

/** A policy that refuses, together with the binding that puts it in force everywhere. */
export const validating = (name: string, spec: JsonSchema): readonly PolicyObject[] => [
  object("ValidatingAdmissionPolicy", name, { failurePolicy: "Fail", ...spec }),
  object("ValidatingAdmissionPolicyBinding", name, { policyName: name, validationActions: ["Deny"] }),
];

/** A policy that changes what is written, together with its binding. */
export const mutating = (name: string, spec: JsonSchema): readonly PolicyObject[] => [
  object("MutatingAdmissionPolicy", name, { failurePolicy: "Fail", reinvocationPolicy: "Never", ...spec }),
  object("MutatingAdmissionPolicyBinding", name, { policyName: name }),
];
