import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Connection } from "../../kube/connection.ts";
import type { AddressRules } from "../../dial/address-rules.ts";
import { ClusterRefused } from "./cluster-refused.ts";
import { judgedConnector } from "./judged-connector.ts";
import { type Login, readKubeconfig } from "./kubeconfig.ts";

const LONGEST = 256 * 1024;

/** The keys of a Secret as text; `data` is as the API server has it, in base64. */
export type SecretData = Readonly<Record<string, string>>;

const textOf = (data: SecretData, key: string): string | undefined => {
  const value = Object.hasOwn(data, key) ? data[key] : undefined;
  if (value === undefined) return undefined;
  if (value.length > LONGEST) throw new ClusterRefused(key, `it is longer than ${LONGEST} bytes`);
  const text = Buffer.from(value, "base64").toString("utf8").trim();
  return text === "" ? undefined : text;
};

const loginOf = (data: SecretData): Login & { readonly keys: Keys } => {
  const kubeconfig = textOf(data, "kubeconfig");
  const server = textOf(data, "server");
  if (kubeconfig !== undefined && server !== undefined)
    throw new ClusterRefused("kubeconfig", "there is a server, too, and one of them might be forgotten; leave one out");
  if (kubeconfig !== undefined)
    return { ...readKubeconfig(kubeconfig), keys: { server: "kubeconfig", ca: "kubeconfig", token: "kubeconfig" } };
  if (server === undefined)
    throw new ClusterRefused(
      "server",
      "it is missing, and there is no kubeconfig either; put the URL of the API server there, its CA as ca.crt and a token of the account as token",
    );
  const ca = textOf(data, "ca.crt");
  const token = textOf(data, "token");
  return {
    server,
    ...(ca !== undefined && { ca }),
    ...(token !== undefined && { token }),
    keys: { server: "server", ca: "ca.crt", token: "token" },
  };
};

interface Keys {
  readonly server: string;
  readonly ca: string;
  readonly token: string;
}

const isReadable = (read: () => unknown): boolean => {
  try {
    read();
    return true;
  } catch {
    return false;
  }
};

/** Where another cluster is and how to log in there. Nothing in the Secret is believed that could reach a file, a program or an address of ours. */
export const connectionIn = (data: SecretData, addresses: AddressRules): Connection => {
  const { server, namespace = "default", servername, ca, token, cert, key, keys } = loginOf(data);
  const url = URL.parse(server);
  if (url === null || url.protocol !== "https:" || url.username !== "" || url.search !== "" || url.hash !== "")
    throw new ClusterRefused(
      keys.server,
      `the server is no plain https:// URL${url?.protocol === "http:" ? " but http://, where everybody on the way reads the token" : ""}; put one there, e.g. https://10.4.0.2:6443`,
    );
  if (ca !== undefined && !isReadable(() => new X509Certificate(ca)))
    throw new ClusterRefused(
      keys.ca,
      "the CA is no certificate in PEM; put the one there that signed the API server's",
    );
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw new ClusterRefused(keys.token, "the token is not one word; put the token there and nothing else");
  if ((cert === undefined) !== (key === undefined))
    throw new ClusterRefused(
      keys.token,
      "client-certificate-data and client-key-data are there together or not at all",
    );
  if (cert !== undefined && !isReadable(() => new X509Certificate(cert)))
    throw new ClusterRefused(keys.token, "client-certificate-data is no certificate in PEM; put one there, or a token");
  if (key !== undefined && !isReadable(() => createPrivateKey(key)))
    throw new ClusterRefused(keys.token, "client-key-data is no private key in PEM; put one there, or a token");
  if (token === undefined && cert === undefined)
    throw new ClusterRefused(
      keys.token,
      "nothing in it says who the operator is there; put a token there, e.g. of: kubectl create token <account> --duration=8760h",
    );
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(servername !== undefined && { servername }),
  };
  return {
    server,
    tls,
    namespace,
    authorization: () => Promise.resolve(token === undefined ? undefined : `Bearer ${token}`),
    connector: judgedConnector(tls, addresses),
  };
};
