/** The rules of who may do what, written as a table of their own: the policies and roles are compared with it, not derived from it. */

export const PEOPLE = [
  "viewer",
  "editor",
  "author",
  "approver-alpha",
  "approver-public",
  "approver-omega",
  "approver-mainframes",
  "namespace-admin",
  "cluster-admin",
  "argo",
  "flux",
  "operator",
  "anonymous",
] as const;
export type Who = (typeof PEOPLE)[number];

export const ACTED_ON = ["alpha", "public", "omega", "mainframes"] as const;
export type ActedOn = (typeof ACTED_ON)[number];

export const WORDS = ["approve", "cancel", "rollback", "verify", "override"] as const;
export type Word = (typeof WORDS)[number];

export type Kind = "deployments" | "servers" | "mainframes" | "deploymentrecords" | "web";
export type Verb = "create" | "update" | "patch" | "delete" | "deletecollection";

export interface Rights {
  /** What the roles let this person write, by kind; `status` is written apart. */
  readonly writes: Partial<Readonly<Record<Kind, readonly Verb[]>>>;
  readonly status?: readonly Verb[];
  readonly acts: readonly ActedOn[];
}

const EVERY: readonly Verb[] = ["create", "update", "patch", "delete", "deletecollection"];
const EDITS: readonly Verb[] = ["create", "update", "patch", "delete"];
const NOTHING: Rights = { writes: {}, acts: [] };
const approver = (tier: ActedOn): Rights => ({ writes: { deployments: ["patch"] }, acts: [tier] });
const administers = { deployments: EVERY, servers: EVERY, mainframes: EVERY } as const;

export const RIGHTS: Readonly<Record<Who, Rights>> = {
  viewer: NOTHING,
  editor: { writes: { deployments: EDITS }, acts: [] },
  author: { writes: { deployments: EDITS }, acts: [] },
  "approver-alpha": approver("alpha"),
  "approver-public": approver("public"),
  "approver-omega": approver("omega"),
  "approver-mainframes": approver("mainframes"),
  "namespace-admin": { writes: { ...administers, web: EVERY }, acts: [] },
  "cluster-admin": { writes: { ...administers, deploymentrecords: EVERY, web: EVERY }, status: EVERY, acts: ACTED_ON },
  argo: { writes: administers, acts: [] },
  flux: { writes: { deployments: EDITS }, acts: ACTED_ON },
  operator: {
    writes: { deployments: ["create"], deploymentrecords: ["create"] },
    status: ["update"],
    acts: [],
  },
  anonymous: NOTHING,
};

/** The only one who writes status and records, whatever else somebody may. */
export const WRITES_STATUS_AND_RECORDS: Who = "operator";
