import { LABEL } from "../../src/api/group.ts";
import type { DeploymentStatus } from "../../src/api/deployment.ts";
import type { RecordSpec } from "../../src/api/record.ts";
import { DEPLOYMENTS, type Raw, RECORDS } from "../../src/controllers/kinds.ts";
import type { Client } from "../../src/kube/client.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { until, type Patience } from "../cluster/until.ts";

/** What people see of the updates of one namespace. */
export interface Updates {
  readonly apply: (...objects: readonly object[]) => Promise<void>;
  readonly update: (name: string) => Promise<Raw<unknown, DeploymentStatus>>;
  /** The chain of an update as it is stored, in order; `uid` where the update is not there any more. */
  readonly records: (name: string, uid?: string) => Promise<readonly RecordSpec[]>;
  /** Waits until the status of an update says what is hoped for; where it does not, the error has the last one. */
  readonly untilUpdate: (
    name: string,
    hope: (status: DeploymentStatus) => boolean,
    patience?: Patience,
  ) => Promise<DeploymentStatus>;
}

export function updatesIn(cluster: ClusterAccess, client: Client, namespace: string): Updates {
  const update = (name: string) =>
    client.get(DEPLOYMENTS, { namespace, name }) as Promise<Raw<unknown, DeploymentStatus>>;
  return {
    update,
    apply: async (...objects) => {
      await cluster.kubectl(["apply", "-f", "-"], {
        stdin: JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }),
      });
    },
    records: async (name, uid) => {
      const selector = `${LABEL.deploymentUid}=${uid ?? (await update(name)).metadata.uid}`;
      const { items } = await client.list(RECORDS, { namespace, labelSelector: selector });
      return items.map(({ spec }) => spec).sort((a, b) => a.seq - b.seq);
    },
    untilUpdate: async (name, hope, patience) => {
      let last: DeploymentStatus | undefined;
      return until(
        `update ${name} is as hoped`,
        async () => {
          last = (await update(name)).status ?? {};
          if (hope(last)) return last;
          throw new Error(`it is ${JSON.stringify({ ...last, token: undefined }, null, 1)}`);
        },
        { timeoutMs: 60_000, everyMs: 200, ...patience },
      );
    },
  };
}
