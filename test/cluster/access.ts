import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { type AuditEvent, readAudit } from "./audit.ts";
import { runKubectl, type KubectlOptions, type Said } from "./kubectl.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { type Ca, issue } from "./pki.ts";

/** All that another process needs to use a running cluster: plain data, so that it can be handed to test workers. */
export interface Coordinates {
  /** A folder of this run for kubeconfigs and logs. */
  readonly dir: string;
  readonly server: string;
  readonly caPem: string;
  /** Of a cluster administrator. */
  readonly kubeconfig: string;
  readonly kubectlPath: string;
  /** The file with the CA and its key, where the control plane is ours. */
  readonly caFile?: string;
  /** The audit log, where the control plane is ours. */
  readonly auditLog?: string;
}

export interface ClusterAccess extends Coordinates {
  /** A kubeconfig of this user: by client certificate on a control plane of ours, else by impersonation. */
  readonly kubeconfigFor: (user: string, groups?: readonly string[]) => Promise<string>;
  readonly kubeconfigForServiceAccount: (namespace: string, name: string) => Promise<string>;
  readonly serviceAccountToken: (namespace: string, name: string) => Promise<string>;
  readonly kubectl: (args: readonly string[], options?: KubectlOptions) => Promise<Said>;
  readonly auditEvents: () => Promise<readonly AuditEvent[]>;
}

const adminUser = async (kubeconfig: string): Promise<unknown> => {
  const { users } = parse(await readFile(kubeconfig, "utf8")) as { users: readonly { user: unknown }[] };
  return users[0]?.user;
};

export const accessTo = (at: Coordinates): ClusterAccess => {
  const kubectl = (args: readonly string[], options?: KubectlOptions): Promise<Said> =>
    runKubectl(at.kubectlPath, at.kubeconfig, args, options);
  const newPath = (): string => join(at.dir, `kubeconfig-${randomUUID()}.yaml`);
  const serviceAccountToken = async (namespace: string, name: string): Promise<string> =>
    (await kubectl(["create", "token", name, `--namespace=${namespace}`, "--duration=24h"])).stdout.trim();
  return {
    ...at,
    kubectl,
    serviceAccountToken,
    kubeconfigFor: async (user, groups = []) => {
      if (at.caFile === undefined)
        return writeKubeconfig(newPath(), at, user, { as: user, groups, user: await adminUser(at.kubeconfig) });
      const ca = JSON.parse(await readFile(at.caFile, "utf8")) as Ca;
      return writeKubeconfig(
        newPath(),
        at,
        user,
        await issue(ca, { commonName: user, organization: groups, client: true }),
      );
    },
    kubeconfigForServiceAccount: async (namespace, name) =>
      writeKubeconfig(
        newPath(),
        at,
        `${namespace}-${name}`,
        { token: await serviceAccountToken(namespace, name) },
        namespace,
      ),
    auditEvents: async () => {
      if (at.auditLog === undefined)
        throw new Error("this cluster has no audit log to read: start one with startCluster({ auditLog: true })");
      return readAudit(at.auditLog);
    },
  };
};
