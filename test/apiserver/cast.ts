import { API_VERSION, GROUP } from "../../src/api/group.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { account, type Person, person } from "../cluster/person.ts";
import { newNamespace } from "../cluster/shared.ts";

/** The people of the admission tests, each with the roles of an installation and no more. */
export interface Cast {
  readonly namespace: string;
  readonly author: Person;
  readonly viewer: Person;
  /** Two who may act on omega, and one who may act on public. */
  readonly alice: Person;
  readonly bob: Person;
  readonly pat: Person;
  /** May cancel on omega and nothing else. */
  readonly carol: Person;
  readonly operator: Person;
  /** The account of a Git sync; it may act on every tier, as people do who approve by a commit. */
  readonly flux: Person;
  /** Member of system:masters. */
  readonly root: Person;
  readonly everyone: readonly Person[];
}

/** Written out, because `kubectl create role` refuses a resource that is not served, as `tiers` never is. */
const canceller = (namespace: string) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "Role",
  metadata: { name: "canceller", namespace },
  rules: [{ apiGroups: [GROUP], resources: ["tiers"], resourceNames: ["omega"], verbs: ["cancel"] }],
});

export async function castIn(cluster: ClusterAccess, prefix: string): Promise<Cast> {
  const namespace = await newNamespace(cluster, prefix);
  await cluster.kubectl(["create", "serviceaccount", "kustomize-controller", "-n", namespace]);
  const bind = (role: string, ...subjects: readonly string[]) =>
    cluster.kubectl(["create", "rolebinding", role, `--clusterrole=${role}`, "-n", namespace, ...subjects]);
  const sync = `--serviceaccount=${namespace}:kustomize-controller`;
  await Promise.all([
    bind("ashat-viewer", "--user=viewer"),
    bind("ashat-editor", "--user=author", sync),
    bind("ashat-approver-omega", "--user=alice", "--user=bob", sync),
    cluster.kubectl(["create", "-f", "-"], { stdin: JSON.stringify(canceller(namespace)) }),
    cluster.kubectl(["create", "rolebinding", "canceller", "-n", namespace, "--role=canceller", "--user=carol"]),
    cluster.kubectl([
      "create",
      "rolebinding",
      "carol-edits",
      "-n",
      namespace,
      "--clusterrole=ashat-editor",
      "--user=carol",
    ]),
    ...["alpha", "public", "mainframes"].map((tier) => bind(`ashat-approver-${tier}`, "--user=pat", sync)),
  ]);
  const [author, viewer, alice, bob, pat, carol, root, operator, flux] = await Promise.all([
    person(cluster, "author"),
    person(cluster, "viewer"),
    person(cluster, "alice"),
    person(cluster, "bob"),
    person(cluster, "pat"),
    person(cluster, "carol"),
    person(cluster, "root", ["system:masters"]),
    account(cluster, "ashat-system", "ashat"),
    account(cluster, namespace, "kustomize-controller"),
  ]);
  return {
    namespace,
    author,
    viewer,
    alice,
    bob,
    pat,
    carol,
    operator,
    flux,
    root,
    everyone: [author, viewer, alice, bob, pat, carol, operator, flux, root],
  };
}

export interface Extras {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const update = (namespace: string, name: string, metadata: Extras = {}) => ({
  apiVersion: API_VERSION,
  kind: "Deployment",
  metadata: { name, namespace, ...metadata },
  spec: {
    description: "Critical security fixes",
    version: "9.4.2",
    artifact: { archive: { url: "https://alpha.example/ra-9.4.2.tgz", sha256: "ab".repeat(32) } },
  },
});
