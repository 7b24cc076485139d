import { GROUP, VERSION } from "../api/group.ts";
import type { Client } from "../kube/client.ts";
import { notFound } from "../kube/errors.ts";
import type { KubeObject, Resource } from "../kube/types.ts";

/** What the status of an update says of its chain; it is written after the records, so the chain may be longer and never shorter. */
export interface StatusHead {
  readonly uid: string;
  readonly count: number;
  readonly head: string;
}

type Update = KubeObject & {
  readonly status?: { readonly records?: { readonly count: number; readonly head: string } };
};

const DEPLOYMENTS: Resource<Update> = {
  group: GROUP,
  version: VERSION,
  plural: "deployments",
  kind: "Deployment",
  namespaced: true,
};

const headOf = ({ metadata, status }: Update): readonly StatusHead[] =>
  status?.records === undefined ? [] : [{ uid: metadata.uid, ...status.records }];

/** Read before the records; an update that is gone says nothing, its records stand by themselves. */
export async function readStatusHeads(
  client: Client,
  namespace: string,
  update?: string,
): Promise<readonly StatusHead[]> {
  if (update === undefined) return (await client.list(DEPLOYMENTS, { namespace })).items.flatMap(headOf);
  try {
    return headOf(await client.get(DEPLOYMENTS, { namespace, name: update }));
  } catch (error) {
    if (notFound(error)) return [];
    throw error;
  }
}
