import type { Client } from "../../src/kube/client.ts";
import { notFound } from "../../src/kube/errors.ts";
import { CONFIG_MAPS, type Container, type EnvVar, type KeyRef, type Pod, SECRETS } from "./pod.ts";

/** The container cannot be configured now; as with a real kubelet it waits, and is tried again. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** `$(NAME)` becomes the value of a variable known so far, `$$(NAME)` stays as `$(NAME)`, an unknown one stays as written. */
export const expanded = (text: string, known: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$\$|\$\(([^)]+)\)/g, (whole, name: string | undefined) =>
    whole === "$$" ? "$" : ((name === undefined ? undefined : known[name]) ?? whole),
  );

const fieldOf = (pod: Pod, path: string): string => {
  const [, list = "", key = ""] = /^metadata\.(annotations|labels)\['([^']+)'\]$/.exec(path) ?? [];
  if (list === "annotations") return pod.metadata.annotations?.[key] ?? "";
  if (list === "labels") return pod.metadata.labels?.[key] ?? "";
  switch (path) {
    case "metadata.name":
      return pod.metadata.name;
    case "metadata.namespace":
      return pod.metadata.namespace;
    case "metadata.uid":
      return pod.metadata.uid;
    case "spec.nodeName":
      return pod.spec.nodeName ?? "";
    case "spec.serviceAccountName":
      return pod.spec.serviceAccountName ?? "";
    case "status.podIP":
      return "127.0.0.1";
    default:
      throw new ConfigError(`the stand-in does not know fieldPath ${path}`);
  }
};

const ofKey = async (
  client: Client,
  pod: Pod,
  kind: typeof SECRETS,
  { name, key, optional }: KeyRef,
): Promise<string | undefined> => {
  const what = kind.kind.toLowerCase();
  const found = await client.get(kind, { namespace: pod.metadata.namespace, name }).catch((error: unknown) => {
    if (notFound(error)) return undefined;
    throw new ConfigError(
      `${what} "${name}" cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  });
  const value = found?.data?.[key];
  if (value !== undefined) return kind === SECRETS ? Buffer.from(value, "base64").toString("utf8") : value;
  if (optional === true) return undefined;
  throw new ConfigError(
    found === undefined
      ? `${what} "${name}" not found`
      : `couldn't find key ${key} in ${what} ${pod.metadata.namespace}/${name}`,
  );
};

const valueOf = (
  client: Client,
  pod: Pod,
  { value, valueFrom }: EnvVar,
  known: Readonly<Record<string, string>>,
): Promise<string | undefined> | string => {
  if (valueFrom?.secretKeyRef) return ofKey(client, pod, SECRETS, valueFrom.secretKeyRef);
  if (valueFrom?.configMapKeyRef) return ofKey(client, pod, CONFIG_MAPS, valueFrom.configMapKeyRef);
  if (valueFrom?.fieldRef) return fieldOf(pod, valueFrom.fieldRef.fieldPath);
  return expanded(value ?? "", known);
};

/** The environment that the container asks for, in order, so that later variables may name earlier ones. */
export const environmentOf = async (
  client: Client,
  pod: Pod,
  container: Container,
): Promise<Readonly<Record<string, string>>> => {
  const known: Record<string, string> = {};
  for (const variable of container.env ?? []) {
    const value = await valueOf(client, pod, variable, known);
    if (value !== undefined) known[variable.name] = value;
  }
  return known;
};
