import type { DeploymentStatus } from "../api/deployment.ts";
import type { RecordSpec } from "../api/record.ts";
import type { Server } from "../api/server.ts";
import { key as keyFor } from "../runtime/kind.ts";
import type { Context } from "./context.ts";
import { chain } from "./observe.ts";

/** Counts a record that this process has just written, from what the stores know around it. */
export function countRecord(
  { work, stores }: Pick<Context, "work" | "stores">,
  namespace: string,
  record: RecordSpec,
): void {
  const { uid, name } = record.deployment;
  work.written(() => {
    const raw = stores.deployments.store.get(keyFor(namespace, name));
    return {
      record,
      before: chain(stores.records.store.by("update", uid), uid).filter(({ seq }) => seq < record.seq),
      status: raw?.metadata.uid === uid ? ((raw.status as DeploymentStatus | undefined) ?? {}) : {},
      driverOf: ({ kind, name: target }) => {
        const server = kind === "Server" ? stores.servers.store.get(keyFor(namespace, target)) : undefined;
        const spec = server?.spec as Server["spec"] | undefined;
        return spec?.git !== undefined ? "git" : spec?.kubernetes !== undefined ? "kubernetes" : "agent";
      },
    };
  });
}
