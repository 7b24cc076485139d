import type { KubeObject, ObjectMeta, Resource } from "../kube/types.ts";

/** A kind as this process keeps it: where it is served, and what of each object is worth its memory. */
export type Kind<T extends KubeObject> = {
  readonly resource: Resource<T>;
  readonly project?: (object: T) => T;
};

/** `namespace/name`, or `name` for a kind without namespaces. */
export const keyOf = (object: { readonly metadata: Pick<ObjectMeta, "name" | "namespace"> }): string =>
  key(object.metadata.namespace, object.metadata.name);

export const key = (namespace: string | undefined, name: string): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

export const splitKey = (key: string): { readonly namespace?: string; readonly name: string } => {
  const slash = key.indexOf("/");
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
};
