import type { Deployment, DeploymentStatus } from "../src/api/deployment.ts";
import type { RecordSpec } from "../src/api/record.ts";
import { DEPLOYMENTS, type Raw, RECORDS } from "../src/controllers/kinds.ts";
import type { Client } from "../src/kube/client.ts";
import { watch } from "../src/kube/watch.ts";

export type Update = Raw<Deployment["spec"], DeploymentStatus>;

/** What is seen of one update, as it happens. */
export interface Seen {
  readonly record?: RecordSpec;
  readonly status?: DeploymentStatus;
}

const ENDS: readonly DeploymentStatus["phase"][] = ["Held", "Cancelled", "Superseded", "Refused"];

/** Watches an update and its records until it is completed; an end of another kind is an error with its message. */
export async function follow(
  client: Client,
  namespace: string,
  name: string,
  signal: AbortSignal,
  see: (seen: Seen) => Promise<void> | void,
): Promise<DeploymentStatus> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const options = { namespace, signal: either, random: Math.random };
  let told = -1;
  let waiting: DeploymentStatus | undefined;
  let result: DeploymentStatus | undefined;
  let turn = Promise.resolve();

  /** A status is told when every record it speaks of has been: the two watches do not keep step with each other. */
  const tellStatus = async (): Promise<void> => {
    const status = waiting;
    if (status === undefined || told + 1 < (status.records?.count ?? 0)) return;
    waiting = undefined;
    await see({ status });
    if (ENDS.includes(status.phase))
      throw new Error(`${name} is ${status.phase}: ${status.message ?? "no reason is given"}`);
    if (status.phase !== "Completed") return;
    result = status;
    over.abort();
  };
  const tellRecord = async (record: RecordSpec): Promise<void> => {
    if (record.seq <= told) return;
    told = record.seq;
    await see({ record });
    await tellStatus();
  };
  const inTurn = (work: () => Promise<void>): void => {
    turn = turn.then(work);
    turn.catch((error: unknown) => over.abort(error));
  };
  const records = async (): Promise<void> => {
    for await (const event of watch(client, RECORDS, options))
      if (event.type === "put" && event.object.spec.deployment.name === name)
        inTurn(() => tellRecord(event.object.spec));
  };
  const statuses = async (): Promise<void> => {
    for await (const event of watch(client, DEPLOYMENTS, { ...options, fieldSelector: `metadata.name=${name}` })) {
      if (event.type !== "put") continue;
      inTurn(() => {
        waiting = (event.object as Update).status ?? {};
        return tellStatus();
      });
    }
  };
  await Promise.all([records(), statuses()]);
  await turn;
  signal.throwIfAborted();
  if (result === undefined) throw new Error(`${name} could not be watched any longer`);
  return result;
}
