import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { Connection, Tls } from "./connection.ts";
import { pluginCredentials } from "./plugin.ts";
import { tokenFile } from "./token.ts";

const Cluster = z.object({
  server: z.string(),
  "certificate-authority": z.string().optional(),
  "certificate-authority-data": z.string().optional(),
  "insecure-skip-tls-verify": z.boolean().optional(),
  "tls-server-name": z.string().optional(),
  "proxy-url": z.string().optional(),
});
const User = z.object({
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  "client-certificate": z.string().optional(),
  "client-certificate-data": z.string().optional(),
  "client-key": z.string().optional(),
  "client-key-data": z.string().optional(),
  exec: z.unknown().optional(),
  "auth-provider": z.unknown().optional(),
  as: z.string().optional(),
  "as-groups": z.array(z.string()).optional(),
});
const Context = z.object({ cluster: z.string(), user: z.string().optional(), namespace: z.string().optional() });
const Kubeconfig = z.object({
  "current-context": z.string().optional(),
  clusters: z.array(z.object({ name: z.string(), cluster: Cluster })).nullish(),
  users: z.array(z.object({ name: z.string(), user: User.nullish() })).nullish(),
  contexts: z.array(z.object({ name: z.string(), context: Context })).nullish(),
});
type User = z.output<typeof User>;

const find = <E extends { readonly name: string }>(
  path: string,
  what: string,
  entries: readonly E[] | null | undefined,
  name: string,
): E => {
  const entry = entries?.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry;
  const known = (entries ?? []).map((candidate) => candidate.name).join(", ");
  throw new Error(`The kubeconfig ${path} has no ${what} named "${name}"; it has: ${known === "" ? "none" : known}.`);
};

const read = (path: string, text: string): z.output<typeof Kubeconfig> => {
  let document: unknown;
  try {
    document = parse(text);
  } catch {
    // The parser's message quotes the text, which may hold a token.
    throw new Error(`The kubeconfig ${path} is not YAML.`);
  }
  const result = Kubeconfig.safeParse(document);
  if (result.success) return result.data;
  const where = result.error.issues.map((issue) => issue.path.join(".")).join(", ");
  throw new Error(`The kubeconfig ${path} cannot be used: wrong or missing ${where === "" ? "content" : where}.`);
};

/** Data in the file wins over a path; paths are relative to the kubeconfig. */
const material = async (
  folder: string,
  data: string | undefined,
  path: string | undefined,
): Promise<string | undefined> => {
  if (data !== undefined && data !== "") return Buffer.from(data, "base64").toString("utf8");
  return path === undefined || path === "" ? undefined : readFile(resolve(folder, path), "utf8");
};

const authorizationOf = (folder: string, user: User): Connection["authorization"] => {
  if (user.tokenFile !== undefined) return tokenFile(resolve(folder, user.tokenFile));
  if (user.token !== undefined) return () => Promise.resolve(`Bearer ${user.token}`);
  if (user.username !== undefined) {
    const pair = Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64");
    return () => Promise.resolve(`Basic ${pair}`);
  }
  return () => Promise.resolve(undefined);
};

const impersonation = (user: User): Pick<Connection, "headers"> => {
  if (user.as === undefined) return {};
  const groups = user["as-groups"];
  return { headers: { "impersonate-user": user.as, ...(groups === undefined ? {} : { "impersonate-group": groups }) } };
};

const without = <T extends object>(values: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;

/** Reads a kubeconfig that a person owns. Never give it text from a cluster: `exec` users run commands. */
export const fromKubeconfig = async (path: string, contextName?: string): Promise<Connection> => {
  const file = read(path, await readFile(path, "utf8"));
  const folder = dirname(resolve(path));
  const chosen = contextName ?? file["current-context"];
  if (chosen === undefined || chosen === "") {
    throw new Error(
      `The kubeconfig ${path} has no current context; name one, or run: kubectl config use-context <name>`,
    );
  }
  const context = find(path, "context", file.contexts, chosen).context;
  const cluster = find(path, "cluster", file.clusters, context.cluster).cluster;
  const user =
    context.user === undefined || context.user === "" ? {} : (find(path, "user", file.users, context.user).user ?? {});
  if (cluster["proxy-url"] !== undefined) {
    throw new Error(
      `The kubeconfig ${path} reaches cluster "${context.cluster}" through proxy-url, which is not supported.`,
    );
  }
  const tls = without<Tls>({
    ca: await material(folder, cluster["certificate-authority-data"], cluster["certificate-authority"]),
    cert: await material(folder, user["client-certificate-data"], user["client-certificate"]),
    key: await material(folder, user["client-key-data"], user["client-key"]),
    servername: cluster["tls-server-name"],
    insecure: cluster["insecure-skip-tls-verify"],
  });
  const base = { server: cluster.server, tls, namespace: context.namespace ?? "default", ...impersonation(user) };
  if (user.exec === undefined && user["auth-provider"] === undefined)
    return { ...base, authorization: authorizationOf(folder, user) };
  const plugin = await pluginCredentials(path, chosen);
  return { ...base, tls: { ...tls, ...plugin.tls }, authorization: plugin.authorization };
};
