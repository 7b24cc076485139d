import { LABEL } from "../api/group.ts";
import type { Client } from "../kube/client.ts";
import type { KubeObject, Resource } from "../kube/types.ts";
import { createInformer, type Informer } from "../runtime/informer.ts";
import { keyOf } from "../runtime/kind.ts";
import type { Log } from "../runtime/log.ts";
import {
  artifactLabel,
  DEPLOYMENTS,
  type Job,
  JOBS,
  MAINFRAMES,
  type Pod,
  PODS,
  type Raw,
  type RawRecord,
  RECORDS,
  SERVERS,
} from "./kinds.ts";

/** Everything that is watched. */
export interface Stores {
  readonly deployments: Informer<Raw, "namespace">;
  readonly servers: Informer<Raw, "namespace">;
  readonly mainframes: Informer<Raw, "namespace">;
  readonly records: Informer<RawRecord, "update" | "artifact" | "name">;
  readonly jobs: Informer<Job, "update">;
  readonly pods: Informer<Pod, "update">;
}

const namespaceOf = (object: KubeObject): readonly string[] => [object.metadata.namespace ?? ""];
const updateOf = (object: KubeObject): readonly string[] => [object.metadata.labels?.[LABEL.deploymentUid] ?? ""];

/** Only what the operator made itself: other Jobs and pods of the cluster are none of its business. */
const OURS = { labelSelector: LABEL.deploymentUid };

const kind = <T extends KubeObject>(resource: Resource<T>) => ({ resource });

export function createStores(
  client: Client,
  log: Log,
  random: () => number,
  onTrouble: (kind: string, error: Error) => void = () => undefined,
): Stores {
  const common = { client, log, random, onTrouble };
  return {
    deployments: createInformer({ ...common, kind: kind(DEPLOYMENTS), indexes: { namespace: namespaceOf } }),
    servers: createInformer({ ...common, kind: kind(SERVERS), indexes: { namespace: namespaceOf } }),
    mainframes: createInformer({ ...common, kind: kind(MAINFRAMES), indexes: { namespace: namespaceOf } }),
    records: createInformer({
      ...common,
      kind: kind(RECORDS),
      indexes: {
        update: (record) => [record.spec.deployment.uid],
        name: (record) => [
          keyOf({ metadata: { name: record.spec.deployment.name, namespace: record.metadata.namespace ?? "" } }),
        ],
        artifact: (record) =>
          record.spec.artifacts.map(({ digest }) => `${record.metadata.namespace}/${artifactLabel(digest)}`),
      },
    }),
    jobs: createInformer({ ...common, kind: kind(JOBS), selection: OURS, indexes: { update: updateOf } }),
    pods: createInformer({ ...common, kind: kind(PODS), selection: OURS, indexes: { update: updateOf } }),
  };
}

export const informers = (stores: Stores) =>
  [stores.deployments, stores.servers, stores.mainframes, stores.records, stores.jobs, stores.pods] as const;

/** The kinds whose schema is ours, and may change while they are watched. */
export const ownKinds = (stores: Stores) =>
  [
    { resource: DEPLOYMENTS, refresh: stores.deployments.refresh },
    { resource: SERVERS, refresh: stores.servers.refresh },
    { resource: MAINFRAMES, refresh: stores.mainframes.refresh },
    { resource: RECORDS, refresh: stores.records.refresh },
  ] as const;
