import { GROUP, LABEL, VERSION } from "../api/group.ts";
import type { RecordSpec } from "../api/record.ts";
import type { Client } from "../kube/client.ts";
import type { KubeObject, Resource } from "../kube/types.ts";

/** A record as it came over the wire or from a file: hashes are of this, never of something parsed and built again. */
export interface RawRecord {
  readonly namespace: string;
  readonly name: string;
  readonly spec: RecordSpec;
}

type Stored = KubeObject & { readonly spec: RecordSpec };

const RECORDS: Resource<Stored> = {
  group: GROUP,
  version: VERSION,
  plural: "deploymentrecords",
  kind: "DeploymentRecord",
  namespaced: true,
};

/** The records of one update, or of all, in no order. */
export async function readRecords(client: Client, namespace: string, update?: string): Promise<readonly RawRecord[]> {
  const { items } = await client.list(RECORDS, {
    namespace,
    ...(update !== undefined && { labelSelector: `${LABEL.deployment}=${update}` }),
  });
  return items.map(({ metadata, spec }) => ({ namespace: metadata.namespace ?? namespace, name: metadata.name, spec }));
}
