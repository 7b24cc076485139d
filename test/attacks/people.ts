import { approverRole } from "../../src/api/rbac.ts";
import type { Connection } from "../../src/kube/connection.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { newNamespace } from "../cluster/shared.ts";
import { ACTED_ON, PEOPLE, type Who } from "./rights.ts";
import type { Users } from "./expected.ts";
import { type Voice, voiceOf } from "./voice.ts";

const RBAC = "rbac.authorization.k8s.io";

/** Everybody in one namespace, each with a credential and a voice of their own. */
export interface People {
  readonly namespace: string;
  readonly users: Users;
  readonly voices: Readonly<Record<Who, Voice>>;
  readonly close: () => Promise<void>;
}

interface Account {
  readonly namespace: string;
  readonly name: string;
}

const userOf = ({ namespace, name }: Account): string => `system:serviceaccount:${namespace}:${name}`;

/** The roles of an installation as people and sync accounts get them; `admin` is Kubernetes' own, which ours adds itself to. */
const ROLES: Partial<Readonly<Record<Who, readonly string[]>>> = {
  viewer: ["view"],
  editor: ["ashat-editor"],
  author: ["ashat-editor"],
  ...Object.fromEntries(ACTED_ON.map((tier) => [`approver-${tier}`, [approverRole(tier)]])),
  "namespace-admin": ["admin"],
  argo: ["ashat-admin"],
  flux: ["ashat-editor", ...ACTED_ON.map(approverRole)],
};

export async function peopleIn(cluster: ClusterAccess, prefix: string): Promise<People> {
  const namespace = await newNamespace(cluster, prefix);
  const accounts: Partial<Record<Who, Account>> = {
    argo: { namespace, name: "argocd-application-controller" },
    flux: { namespace, name: "kustomize-controller" },
    operator: { namespace: "ashat-system", name: "ashat" },
  };
  const users = Object.fromEntries(
    PEOPLE.map((who) => {
      const account = accounts[who];
      return [who, account ? userOf(account) : who === "anonymous" ? "system:anonymous" : who];
    }),
  ) as Users;
  const bindings = PEOPLE.flatMap((who) =>
    (ROLES[who] ?? []).map((role) => ({
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata: { namespace, name: `${who}-${role}` },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
      subjects: [{ apiGroup: RBAC, kind: "User", name: users[who] }],
    })),
  );
  const made = [accounts.argo, accounts.flux].map((account) => ({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: account,
  }));
  await cluster.kubectl(["create", "-f", "-"], {
    stdin: JSON.stringify({ apiVersion: "v1", kind: "List", items: [...made, ...bindings] }),
  });
  const connect = async (who: Who): Promise<Connection> => {
    const account = accounts[who];
    if (account !== undefined)
      return fromKubeconfig(await cluster.kubeconfigForServiceAccount(account.namespace, account.name));
    const groups = who === "cluster-admin" ? ["system:masters"] : [];
    const connection = await fromKubeconfig(await cluster.kubeconfigFor(who, groups));
    return who === "anonymous"
      ? {
          server: connection.server,
          namespace,
          tls: { ca: cluster.caPem },
          authorization: () => Promise.resolve(undefined),
        }
      : connection;
  };
  const voices = Object.fromEntries(
    await Promise.all(PEOPLE.map(async (who) => [who, voiceOf(await connect(who))] as const)),
  ) as Record<Who, Voice>;
  return {
    namespace,
    users,
    voices,
    close: async () => {
      await Promise.all(Object.values(voices).map((voice) => voice.close()));
    },
  };
}
