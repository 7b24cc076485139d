import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AUDIT_POLICY } from "./audit.ts";
import { HOST } from "./controlplane.ts";
import { type Credential, type Place, writeKubeconfig } from "./kubeconfig.ts";
import { type Ca, createCa, createSigningKey, issue } from "./pki.ts";

export interface Files {
  readonly ca: Ca;
  readonly admin: Credential & { readonly certPem: string; readonly keyPem: string };
  readonly kubeconfig: string;
  readonly caFile: string;
}

const secret = { mode: 0o600 };

/** Writes all that the programs read: certificates, keys, their kubeconfigs and the audit policy. */
export const writeFiles = async (dir: string, server: string, address?: string): Promise<Files> => {
  const ca = await createCa("ashat-test-cluster");
  const place: Place = { server, caPem: ca.certPem };
  const login = (commonName: string, organization: readonly string[] = []) =>
    issue(ca, { commonName, organization, client: true });
  const [serving, admin, manager, scheduler, kubelets, tokens] = await Promise.all([
    issue(ca, {
      commonName: "kube-apiserver",
      dns: ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"],
      ips: [HOST, "10.96.0.1", ...(address === undefined ? [] : [address])],
    }),
    login("kubernetes-admin", ["system:masters"]),
    login("system:kube-controller-manager"),
    login("system:kube-scheduler"),
    login("kube-apiserver-kubelet-client", ["system:masters"]),
    createSigningKey(),
  ]);
  const caFile = join(dir, "ca.json");
  const kubeconfig = join(dir, "admin.yaml");
  await Promise.all([
    writeFile(caFile, JSON.stringify(ca), secret),
    writeFile(join(dir, "ca.crt"), ca.certPem),
    writeFile(join(dir, "apiserver.crt"), serving.certPem),
    writeFile(join(dir, "apiserver.key"), serving.keyPem, secret),
    writeFile(join(dir, "kubelet-client.crt"), kubelets.certPem),
    writeFile(join(dir, "kubelet-client.key"), kubelets.keyPem, secret),
    writeFile(join(dir, "sa.key"), tokens.privatePem, secret),
    writeFile(join(dir, "sa.pub"), tokens.publicPem),
    writeFile(join(dir, "audit-policy.json"), JSON.stringify(AUDIT_POLICY)),
    writeKubeconfig(kubeconfig, place, "kubernetes-admin", admin),
    writeKubeconfig(join(dir, "controller-manager.yaml"), place, "system:kube-controller-manager", manager),
    writeKubeconfig(join(dir, "scheduler.yaml"), place, "system:kube-scheduler", scheduler),
  ]);
  return { ca, admin, kubeconfig, caFile };
};
