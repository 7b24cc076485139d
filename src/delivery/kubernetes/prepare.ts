import type { Resource } from "../../kube/types.ts";
import { textAt } from "../loose.ts";
import type { KindsOf } from "./kinds.ts";
import { INVENTORY, LEDGER_TYPE, type Ref } from "./ledger.ts";
import { groupOf, inOrder, type Manifest, said, withoutDuplicates } from "./manifests.ts";
import { badManifests } from "./refusal.ts";

/** An object on its way to the API server. */
export interface Prepared {
  readonly manifest: Manifest;
  readonly resource: Resource;
  /** Its kind comes with this very artifact and is not served yet. */
  readonly awaitsKind: boolean;
}

export const isNamespace = ({ manifest }: Prepared): boolean =>
  manifest.kind === "Namespace" && manifest.apiVersion === "v1";
export const isDefinition = ({ apiVersion, kind }: Pick<Manifest, "apiVersion" | "kind">): boolean =>
  kind === "CustomResourceDefinition" && groupOf(apiVersion) === "apiextensions.k8s.io";

/** Where a kind of this artifact's own definitions will be served. */
const definedHere = (manifests: readonly Manifest[], apiVersion: string, kind: string): Resource | undefined => {
  const group = groupOf(apiVersion);
  const crd = manifests.find(
    (one) =>
      isDefinition(one) && textAt(one, "spec", "group") === group && textAt(one, "spec", "names", "kind") === kind,
  );
  const plural = textAt(crd, "spec", "names", "plural");
  if (crd === undefined || plural === undefined) return undefined;
  const version = apiVersion.slice(group.length + 1);
  return { group, version, plural, kind, namespaced: textAt(crd, "spec", "scope") === "Namespaced" };
};

/** Finds where each kind is served, and gives each object its namespace and the mark of its inventory. In the order they are applied. */
export const prepare = async (
  manifests: readonly Manifest[],
  {
    namespace,
    inventory,
    kindsOf,
  }: { readonly namespace: string; readonly inventory: string; readonly kindsOf: KindsOf },
  signal: AbortSignal,
): Promise<readonly Prepared[]> => {
  const prepared: Prepared[] = [];
  for (const manifest of manifests) {
    const { apiVersion, kind } = manifest;
    const served = await kindsOf(apiVersion, kind, signal);
    const resource = served ?? definedHere(manifests, apiVersion, kind);
    if (resource === undefined)
      throw badManifests(
        `${said(manifest)}: the cluster serves no ${kind} of ${apiVersion}, and the artifact does not define it. Install its CustomResourceDefinition first, or correct the version.`,
      );
    if (!resource.namespaced && manifest.metadata.namespace !== undefined)
      throw badManifests(`${said(manifest)} is in no namespace, but its metadata names one; take it out.`);
    if (kind === "Secret" && manifest["type"] === LEDGER_TYPE)
      throw badManifests(
        `${said(manifest)} is of type ${LEDGER_TYPE}, in which deliveries are written down; take it out.`,
      );
    const metadata = {
      ...manifest.metadata,
      ...(resource.namespaced && { namespace: manifest.metadata.namespace ?? namespace }),
      annotations: { ...manifest.metadata.annotations, [INVENTORY]: inventory },
    };
    prepared.push({ manifest: { ...manifest, metadata }, resource, awaitsKind: served === undefined });
  }
  const order = inOrder(withoutDuplicates(prepared.map(({ manifest }) => manifest)));
  return order.flatMap((manifest) => prepared.filter((one) => one.manifest === manifest));
};

export const refOf = ({ apiVersion, kind, metadata }: Manifest): Ref => ({
  apiVersion,
  kind,
  name: metadata.name,
  ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
});

/** The same object under another version of its kind is the same object. */
export const refId = ({ apiVersion, kind, namespace = "", name }: Ref): string =>
  `${groupOf(apiVersion)}/${kind} ${namespace}/${name}`;
