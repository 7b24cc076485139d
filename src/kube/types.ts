/** The shapes every Kubernetes object shares, as they are on the wire: times stay strings, unknown fields stay as they came. */

export type OwnerReference = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
};

/** Metadata of an object that was read: the server has given it a uid and a version. */
export type ObjectMeta = {
  readonly name: string;
  /** Present on every object of a namespaced kind. */
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
};

/** An object that was read. Kinds add their own fields: `KubeObject & { readonly spec: ... }`. */
export type KubeObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
};

/** An object to be written. `apiVersion` and `kind` come from the resource. */
export type Draft = {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: Partial<Omit<ObjectMeta, "name">> & { readonly name: string };
  readonly [field: string]: unknown;
};

/** Where one kind is served. The type parameter says what is read from there; `of` is never set. */
export type Resource<T extends KubeObject = KubeObject> = {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly of?: T;
};

/** Which object: `namespace` is left out for kinds without one. */
export type ObjectName = { readonly namespace?: string; readonly name: string };

export type Condition = {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
};

export const apiVersionOf = (resource: Resource): string =>
  resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
