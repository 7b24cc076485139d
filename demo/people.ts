import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { approverRole } from "../src/api/rbac.ts";
import type { ClusterAccess } from "../test/cluster/access.ts";
import { writeKubeconfig } from "../test/cluster/kubeconfig.ts";
import { type Ca, issue } from "../test/cluster/pki.ts";
import { PEOPLE, type Person } from "./scene.ts";

/** What each of them may do in the namespace. Who acts on a tier is an approver of that tier and nothing else. */
const ROLE: Readonly<Record<(typeof PEOPLE)[number], string>> = {
  admin: "admin",
  author: "ashat-editor",
  ann: approverRole("omega"),
  bob: approverRole("omega"),
};

const RBAC = "rbac.authorization.k8s.io";

/** The namespace, under restricted Pod Security, and the roles of people in it. */
export const namespaceAndRights = (namespace: string): readonly object[] => [
  {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
  },
  ...PEOPLE.map((name) => ({
    apiVersion: `${RBAC}/v1`,
    kind: "RoleBinding",
    metadata: { name, namespace },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: ROLE[name] },
    subjects: [{ apiGroup: RBAC, kind: "User", name }],
  })),
];

/** A kubeconfig for each of them with a client certificate: the API server knows who they are. */
export async function kubeconfigs(
  cluster: ClusterAccess,
  namespace: string,
): Promise<Readonly<Record<Person, string>>> {
  if (cluster.caFile === undefined) throw new Error("people need client certificates of this control plane's own CA");
  const ca = JSON.parse(await readFile(cluster.caFile, "utf8")) as Ca;
  const of = async (name: (typeof PEOPLE)[number]): Promise<string> =>
    writeKubeconfig(
      join(cluster.dir, `${namespace}-${name}.kubeconfig`),
      cluster,
      name,
      await issue(ca, { commonName: name, client: true }),
      namespace,
    );
  const [admin, author, ann, bob] = await Promise.all([of("admin"), of("author"), of("ann"), of("bob")]);
  return { admin, author, ann, bob, platform: cluster.kubeconfig };
}
