import { GROUP } from "../../api/group.ts";
import { ApiError, conflict, forbidden, notFound } from "../../kube/errors.ts";
import type { Applying } from "./apply.ts";
import { fewAtOnce } from "./at-once.ts";
import type { KindsOf } from "./kinds.ts";
import { INVENTORY, type Ref } from "./ledger.ts";
import { groupOf } from "./manifests.ts";

const PRUNE = `${GROUP}/prune`;

/** With them goes what nobody can bring back, so they stay unless somebody said otherwise on them. */
const PRECIOUS = ["/Namespace", "/PersistentVolumeClaim", "apiextensions.k8s.io/CustomResourceDefinition"];

/** An object that was not removed, and stays in the inventory only where it can be removed later. */
export interface Left {
  readonly ref: Ref;
  readonly why: string;
  readonly again: boolean;
}

const said = ({ kind, namespace, name }: Ref): string =>
  `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;

const pruneOne = async (
  { client, inventory, account }: Applying,
  ref: Ref,
  kindsOf: KindsOf,
  signal: AbortSignal,
): Promise<Left | undefined> => {
  const resource = await kindsOf(ref.apiVersion, ref.kind, signal);
  // With its definition every object of a kind is gone.
  if (resource === undefined) return undefined;
  const at = { name: ref.name, ...(ref.namespace !== undefined && { namespace: ref.namespace }) };
  const left = (why: string, again = false): Left => ({ ref, why: `${said(ref)} ${why}`, again });
  try {
    const live = await client.find(resource, at, { signal });
    if (live === undefined || live.metadata.deletionTimestamp !== undefined) return undefined;
    const { uid, annotations = {}, ownerReferences = [] } = live.metadata;
    if (annotations[INVENTORY] !== inventory) return left("is not listed as ours any more and stays");
    if (ownerReferences.length > 0) return left("has an owner and stays");
    if (annotations[PRUNE] === "Disabled") return left(`stays (${PRUNE}: Disabled)`);
    if (PRECIOUS.includes(`${groupOf(ref.apiVersion)}/${ref.kind}`) && annotations[PRUNE] !== "Allowed")
      return left(`stays with all that is in it; remove it by hand, or annotate it with ${PRUNE}=Allowed before`);
    await client.remove(resource, at, { uid, propagationPolicy: "Background", signal });
    return undefined;
  } catch (error) {
    if (error instanceof ApiError && notFound(error)) return undefined;
    if (error instanceof ApiError && conflict(error)) return left("was replaced meanwhile", true);
    if (error instanceof ApiError && forbidden(error))
      return left(`may not be removed by ${account}: grant it get and delete on ${resource.plural}`, true);
    throw error;
  }
};

/** Removes what was delivered and is not any more, in the opposite order of its coming. */
export const prune = async (
  applying: Applying,
  gone: readonly Ref[],
  kindsOf: KindsOf,
  signal: AbortSignal,
): Promise<readonly Left[]> => {
  const left = await fewAtOnce(gone.toReversed(), (ref) => pruneOne(applying, ref, kindsOf, signal));
  return left.filter((one) => one !== undefined);
};
