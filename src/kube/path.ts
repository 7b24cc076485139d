import type { ObjectName, Resource } from "./types.ts";

// An empty or dotted segment would silently address another thing: a list instead of an object, or a parent path.
const segment = (what: string, value: string): string => {
  if (value === "" || value === "." || value === "..")
    throw new TypeError(`${what} ${JSON.stringify(value)} cannot be part of a request path.`);
  return encodeURIComponent(value);
};

/** The path of a collection; without a namespace that of all namespaces. */
export const collectionPath = (resource: Resource, namespace?: string): string => {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const inside = resource.namespaced && namespace !== undefined ? `/namespaces/${segment("Namespace", namespace)}` : "";
  return `${root}${inside}/${resource.plural}`;
};

const ownNamespace = (resource: Resource, namespace: string | undefined): string | undefined => {
  if (resource.namespaced && namespace === undefined) {
    throw new TypeError(`${resource.kind} is namespaced, but the request names no namespace.`);
  }
  return namespace;
};

export const creationPath = (resource: Resource, namespace?: string): string =>
  collectionPath(resource, ownNamespace(resource, namespace));

export const objectPath = (resource: Resource, at: ObjectName, subresource?: string): string => {
  const base = `${creationPath(resource, at.namespace)}/${segment("Name", at.name)}`;
  return subresource === undefined ? base : `${base}/${subresource}`;
};

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export const withQuery = (path: string, query: Query): string => {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value));
  return params.size === 0 ? path : `${path}?${params.toString()}`;
};
