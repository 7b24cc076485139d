import { GROUP } from "../../api/group.ts";
import { at, listAt, textAt } from "../loose.ts";
import { type Files, folderOf, isBelow, isManifest } from "./files.ts";
import { readApart } from "./read-apart.ts";
import { badManifests } from "./refusal.ts";

/** An object as it is applied: exactly what was written, and our own annotations. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

const MOST = 1_000;
const MIB = 1024 * 1024;
/** An object of Kubernetes is smaller than 1.5 MiB, and whatever is read here is held in memory. */
export const MANIFEST_BOUNDS = { file: MIB, all: 8 * MIB } as const;
const KUSTOMIZATION = /^kustomization(\.ya?ml)?$|^Kustomization$/;

/** Which object it is, whatever the version it is written in. */
export const idOf = ({ apiVersion, kind, metadata }: Pick<Manifest, "apiVersion" | "kind" | "metadata">): string =>
  `${groupOf(apiVersion)}/${kind} ${metadata.namespace ?? ""}/${metadata.name}`;

export const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";

export const said = ({ kind, metadata }: Pick<Manifest, "kind" | "metadata">): string =>
  `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;

/** Namespaces and kinds come before what is in them, accounts and rights before what runs with them, hooks into the API server last. */
const ORDER: readonly (readonly string[])[] = [
  ["Namespace"],
  ["CustomResourceDefinition"],
  ["PriorityClass", "StorageClass", "IngressClass", "RuntimeClass"],
  ["ResourceQuota", "LimitRange"],
  ["ServiceAccount", "ClusterRole", "Role"],
  ["ClusterRoleBinding", "RoleBinding"],
  ["ConfigMap", "Secret", "PersistentVolume", "PersistentVolumeClaim"],
  ["Service"],
];
const LAST = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "APIService"];

/** What has the same one may be applied at once. */
export const rank = ({ kind }: Manifest): number => {
  if (LAST.includes(kind)) return ORDER.length + 1;
  const found = ORDER.findIndex((kinds) => kinds.includes(kind));
  return found === -1 ? ORDER.length : found;
};

export const inOrder = (manifests: readonly Manifest[]): readonly Manifest[] =>
  manifests.toSorted((a, b) => rank(a) - rank(b) || (idOf(a) < idOf(b) ? -1 : 1));

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const flattened = (value: unknown): readonly unknown[] => {
  if (value === null || value === undefined) return [];
  if (textAt(value, "kind")?.endsWith("List") === true && Array.isArray(at(value, "items")))
    return listAt(value, "items").flatMap(flattened);
  return [value];
};

const NAME = /^[^/%\s]{1,253}$/;

/** Refuses what no release may have, wherever it was read. */
export const manifestOf = (file: string, value: unknown): Manifest => {
  const apiVersion = textAt(value, "apiVersion");
  const kind = textAt(value, "kind");
  const name = textAt(value, "metadata", "name");
  if (!isObject(value) || apiVersion === undefined || kind === undefined)
    throw badManifests(
      `${file} has a document that is no Kubernetes object (apiVersion and kind are missing); put only manifests in that folder.`,
    );
  if (name === undefined || !NAME.test(name) || name === "." || name === "..")
    throw badManifests(
      `${file} has a ${kind} without a proper metadata.name (generateName names another object each time); name it.`,
    );
  const namespace = at(value, "metadata", "namespace");
  if (
    namespace !== undefined &&
    (typeof namespace !== "string" || !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace))
  )
    throw badManifests(`${file} has ${kind} ${name} in a namespace that is no name; correct it.`);
  if (groupOf(apiVersion) === GROUP)
    throw badManifests(
      `${file} has the ${kind} ${name} of ${GROUP}: an update does not make updates, targets or records; take it out of the artifact.`,
    );
  if (kind === "Kustomization" && groupOf(apiVersion) === "kustomize.config.k8s.io") throw rendered(file);
  const annotations = at(value, "metadata", "annotations");
  if (
    annotations !== undefined &&
    !(isObject(annotations) && Object.values(annotations).every((one) => typeof one === "string"))
  )
    throw badManifests(`${file} has ${kind} ${name} with annotations that are no texts; quote them.`);
  for (const field of ["managedFields", "resourceVersion", "uid"])
    if (at(value, "metadata", field) !== undefined)
      throw badManifests(
        `${file} has ${kind} ${name} with metadata.${field}, which was exported from a cluster; take it out.`,
      );
  return value as unknown as Manifest;
};

const rendered = (file: string) =>
  badManifests(
    `${file} is for kustomize, which is not run here: render it before, e.g. kubectl kustomize <folder> > manifests.yaml, and put only the result into the artifact.`,
  );

const textsBelow = (files: Files, below: string): readonly (readonly [path: string, text: string])[] => {
  const paths = [...files.keys()].filter((path) => isBelow(below, path)).toSorted();
  const kustomization = paths.find((path) => KUSTOMIZATION.test(path.split("/").at(-1) ?? ""));
  if (kustomization !== undefined) throw rendered(kustomization);
  const texts = paths
    .filter((path) => isManifest(path) && path !== "ashat.json")
    .map((path) => [path, files.get(path) ?? ""] as const);
  let all = 0;
  for (const [path, text] of texts) {
    const bytes = Buffer.byteLength(text);
    all += bytes;
    if (bytes > MANIFEST_BOUNDS.file)
      throw badManifests(
        `${path} is larger than ${MANIFEST_BOUNDS.file} bytes; the author of the update splits it into smaller files.`,
      );
    if (all > MANIFEST_BOUNDS.all)
      throw badManifests(
        `The manifests are larger than ${MANIFEST_BOUNDS.all} bytes together; the author of the update splits them into layers.`,
      );
  }
  return texts;
};

/** Reads everything below the folder strictly; whatever is not understood refuses the whole. */
export const readManifests = async (
  files: Files,
  folder: string,
  signal: AbortSignal,
): Promise<readonly Manifest[]> => {
  const below = folderOf(folder);
  const texts = textsBelow(files, below);
  const read = texts.length === 0 ? [] : await readApart(texts, signal);
  const found = read.flatMap(([path, values]) =>
    values.flatMap(flattened).map((value) => ({ path, manifest: manifestOf(path, value) })),
  );
  if (found.length === 0)
    throw badManifests(
      `There is no manifest (*.yaml, *.yml, *.json) under ${below === "" ? "the root" : below} of the artifact; check spec.kubernetes.path of the server.`,
    );
  if (found.length > MOST) throw badManifests(`The artifact has more than ${MOST} objects; split it into layers.`);
  return found.map(({ manifest }) => manifest);
};

/** The same object twice is refused, also where one of the two got its namespace from the server. */
export const withoutDuplicates = (manifests: readonly Manifest[]): readonly Manifest[] => {
  const seen = new Set<string>();
  for (const manifest of manifests) {
    const id = idOf(manifest);
    if (seen.has(id)) throw badManifests(`${said(manifest)} is in the artifact twice; leave one of them.`);
    seen.add(id);
  }
  return manifests;
};
