import { writeFile } from "node:fs/promises";
import { stringify } from "yaml";

export type Credential =
  | { readonly certPem: string; readonly keyPem: string }
  | { readonly token: string }
  | { readonly as: string; readonly groups: readonly string[]; readonly user: unknown };

export interface Place {
  readonly server: string;
  readonly caPem: string;
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

const userOf = (credential: Credential): unknown => {
  if ("token" in credential) return { token: credential.token };
  if ("as" in credential) return { ...(credential.user as object), as: credential.as, "as-groups": credential.groups };
  return { "client-certificate-data": base64(credential.certPem), "client-key-data": base64(credential.keyPem) };
};

/** A kubeconfig with everything inside it, readable by its owner only. */
export const writeKubeconfig = async (
  path: string,
  { server, caPem }: Place,
  name: string,
  credential: Credential,
  namespace = "default",
): Promise<string> => {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "ashat", cluster: { server, "certificate-authority-data": base64(caPem) } }],
    users: [{ name, user: userOf(credential) }],
    contexts: [{ name: "ashat", context: { cluster: "ashat", user: name, namespace } }],
    "current-context": "ashat",
  };
  await writeFile(path, stringify(config), { mode: 0o600 });
  return path;
};
