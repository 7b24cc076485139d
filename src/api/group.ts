/** The words every room shares: group, version, and the names derived from them. */
export const GROUP = "ashat.raos.io";
export const VERSION = "v1alpha1";
export const API_VERSION = `${GROUP}/${VERSION}`;

export const TIERS = ["alpha", "public", "omega", "mainframes"] as const;
export type Tier = (typeof TIERS)[number];

export const VERBS = ["approve", "cancel", "rollback", "verify", "override"] as const;
export type Verb = (typeof VERBS)[number];

/** Labels of Jobs, pods and records: they are how the operator finds its own objects again. */
export const LABEL = {
  deployment: `${GROUP}/deployment`,
  deploymentUid: `${GROUP}/deployment-uid`,
  target: `${GROUP}/target`,
  attempt: `${GROUP}/attempt`,
  /** Of records, one for each artifact they speak of: its digest follows, hashed, because it is longer than a label may be. */
  artifact: `artifact.${GROUP}/`,
  managedBy: "app.kubernetes.io/managed-by",
} as const;

/** Holds a verification Job until its evidence is recorded. */
export const EVIDENCE_FINALIZER = `${GROUP}/evidence`;

/** The account the operator runs as; policies let only this one write status and records. */
export const OPERATOR_NAMESPACE = "ashat-system";
export const OPERATOR_ACCOUNT = `system:serviceaccount:${OPERATOR_NAMESPACE}:ashat`;

/** Full name as every message writes it: `kubectl` would read a bare `deployment/x` as the one of `apps`. */
export const deploymentRef = (name: string): string => `deployments.${GROUP}/${name}`;
