import { parseDocument } from "yaml";
import { at, listAt, textAt } from "../loose.ts";
import { ClusterRefused } from "./cluster-refused.ts";

/** What is left of a kubeconfig that came in a Secret: no word of it reaches a file or starts a program of this process. */
export interface Login {
  readonly server: string;
  readonly namespace?: string;
  readonly servername?: string;
  readonly ca?: string;
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
}

const USER_REFUSED: Readonly<Record<string, string>> = {
  exec: "an exec plugin, which would run a program in the operator; put a token there instead",
  "auth-provider": "an auth-provider, which is no more; put a token there instead",
  tokenFile: "tokenFile, a path in the operator; put the token itself there as token",
  "client-certificate": "client-certificate, a path in the operator; put its content there as client-certificate-data",
  "client-key": "client-key, a path in the operator; put its content there as client-key-data",
  username: "username and password, which API servers do not take any more; put a token there instead",
  password: "username and password, which API servers do not take any more; put a token there instead",
  as: "impersonation (as); name the account by spec.kubernetes.serviceAccountName",
  "as-uid": "impersonation (as-uid); name the account by spec.kubernetes.serviceAccountName",
  "as-groups": "impersonation (as-groups); name the account by spec.kubernetes.serviceAccountName",
  "as-user-extra": "impersonation (as-user-extra); name the account by spec.kubernetes.serviceAccountName",
};
const USER_TAKEN = ["token", "client-certificate-data", "client-key-data", "extensions"];

const CLUSTER_REFUSED: Readonly<Record<string, string>> = {
  "certificate-authority":
    "certificate-authority, a path in the operator; put its content there as certificate-authority-data",
  "insecure-skip-tls-verify":
    "insecure-skip-tls-verify, which would send the token to anybody; put the CA there as certificate-authority-data",
  "proxy-url": "proxy-url, which is not supported; let the operator reach the server directly",
};
const CLUSTER_TAKEN = ["server", "certificate-authority-data", "tls-server-name", "disable-compression", "extensions"];

/** An empty or false value says the same as none. */
const isSaid = (value: unknown): boolean => value !== undefined && value !== null && value !== "" && value !== false;

const checked = (
  what: string,
  values: unknown,
  refused: Readonly<Record<string, string>>,
  taken: readonly string[],
): void => {
  for (const name of Object.keys(typeof values === "object" && values !== null ? values : {})) {
    const why = Object.hasOwn(refused, name) ? refused[name] : undefined;
    if (why !== undefined && isSaid(at(values, name))) throw new ClusterRefused("kubeconfig", `${what} has ${why}`);
    if (why === undefined && !taken.includes(name))
      throw new ClusterRefused("kubeconfig", `${what} has ${name}, which is not known here; leave it out`);
  }
};

const entry = (document: unknown, list: string, kind: string, name: string): unknown => {
  const found = listAt(document, list).filter((one) => textAt(one, "name") === name);
  const [only] = found;
  if (found.length !== 1)
    throw new ClusterRefused(
      "kubeconfig",
      `it has ${found.length === 0 ? "no" : "more than one"} ${kind} named ${JSON.stringify(name)}; put one there`,
    );
  return at(only, kind);
};

const pem = (values: unknown, name: string): string | undefined => {
  const data = textAt(values, name);
  return data === undefined ? undefined : Buffer.from(data, "base64").toString("utf8");
};

/** Reads a kubeconfig of others strictly: what it does not understand it refuses, and says what to put there instead. */
export const readKubeconfig = (text: string): Login => {
  const document = parseDocument(text, { uniqueKeys: true });
  // The parser's message quotes the text, which holds a token.
  if (document.errors.length > 0)
    throw new ClusterRefused("kubeconfig", "it is not one YAML document; put a kubeconfig there");
  const config: unknown = document.toJS({ maxAliasCount: 0 });
  const contexts = listAt(config, "contexts");
  const current = textAt(config, "current-context");
  const [only, ...others] = contexts;
  if (current === undefined && others.length > 0)
    throw new ClusterRefused(
      "kubeconfig",
      "it has several contexts and no current-context; set current-context, e.g. with: kubectl config use-context <name>",
    );
  const chosen = current ?? textAt(only, "name");
  if (chosen === undefined) throw new ClusterRefused("kubeconfig", "it has no context; put a whole kubeconfig there");
  const context = entry(config, "contexts", "context", chosen);
  const cluster = entry(config, "clusters", "cluster", textAt(context, "cluster") ?? "");
  const user = entry(config, "users", "user", textAt(context, "user") ?? "");
  checked("its cluster", cluster, CLUSTER_REFUSED, CLUSTER_TAKEN);
  checked("its user", user, USER_REFUSED, USER_TAKEN);
  const defined = {
    namespace: textAt(context, "namespace"),
    servername: textAt(cluster, "tls-server-name"),
    ca: pem(cluster, "certificate-authority-data"),
    token: textAt(user, "token"),
    cert: pem(user, "client-certificate-data"),
    key: pem(user, "client-key-data"),
  };
  return {
    server: textAt(cluster, "server") ?? "",
    ...(Object.fromEntries(Object.entries(defined).filter(([, value]) => value !== undefined)) as Partial<Login>),
  };
};
