import type { Deployment, DeploymentStatus } from "../src/api/deployment.ts";
import type { RecordSpec } from "../src/api/record.ts";
import { DEPLOYMENTS, type Raw, RECORDS } from "../src/controllers/kinds.ts";
import type { Client } from "../src/kube/client.ts";
import { watch } from "../src/kube/watch.ts";
import type { Goal } from "./scenario.ts";

type Update = Raw<Deployment["spec"], DeploymentStatus>;

/** What is seen of one update, as it happens. */
export interface Seen {
  readonly record?: RecordSpec;
  readonly status?: DeploymentStatus;
}

export interface Following {
  /** Resolves when the update is as wanted; an end of another kind that it comes to meanwhile is an error with its message. */
  readonly until: (goal: Goal) => Promise<DeploymentStatus>;
  readonly end: () => Promise<void>;
}

interface Waiter {
  readonly goal: Goal;
  /** What it was when the waiting began: no news. */
  readonly from: DeploymentStatus["phase"];
  readonly resolve: (status: DeploymentStatus) => void;
  readonly reject: (error: unknown) => void;
}

const ENDS: readonly DeploymentStatus["phase"][] = [
  "Held",
  "Completed",
  "RolledBack",
  "Cancelled",
  "Superseded",
  "Refused",
];

/** Watches an update and its records until it is ended. */
export function follow(
  client: Client,
  namespace: string,
  name: string,
  signal: AbortSignal,
  see: (seen: Seen) => Promise<void> | void,
): Following {
  const over = new AbortController();
  const options = { namespace, signal: AbortSignal.any([signal, over.signal]), random: Math.random };
  const reasons = new Set<string>();
  const waiters = new Set<Waiter>();
  let told = -1;
  let waiting: DeploymentStatus | undefined;
  let last: DeploymentStatus = {};
  let failure: unknown;
  let turn = Promise.resolve();

  /** A status that does not know the newest record is the one of before. */
  const met = ({ phase, gate, reason, mainframes }: Goal): boolean =>
    (last.records?.count ?? 0) > told &&
    (phase === undefined || last.phase === phase) &&
    (gate === undefined || (last.blockedBy?.length === 1 && last.blockedBy[0]?.gate === gate)) &&
    (reason === undefined || reasons.has(reason)) &&
    (mainframes === undefined || last.mainframes === mainframes);
  const look = (): void => {
    for (const waiter of waiters) {
      const { goal, from, resolve, reject } = waiter;
      const ended =
        last.phase !== from && ENDS.includes(last.phase) && goal.past?.some((one) => one === last.phase) !== true;
      if (met(goal)) resolve(last);
      else if (ended) reject(new Error(`${name} is ${last.phase}: ${last.message ?? "no reason is given"}`));
      else continue;
      waiters.delete(waiter);
    }
  };
  const fail = (error: unknown): void => {
    failure = error;
    for (const { reject } of waiters) reject(error);
    waiters.clear();
    over.abort();
  };

  /** A status is told when every record it speaks of has been: the two watches do not keep step with each other. */
  const tellStatus = async (): Promise<void> => {
    const status = waiting;
    if (status === undefined || told + 1 < (status.records?.count ?? 0)) return;
    waiting = undefined;
    last = status;
    await see({ status });
    look();
  };
  const tellRecord = async (record: RecordSpec): Promise<void> => {
    if (record.seq <= told) return;
    told = record.seq;
    reasons.add(record.reason);
    await see({ record });
    await tellStatus();
  };
  const inTurn = (work: () => Promise<void>): void => {
    turn = turn.then(work).catch(fail);
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
  const watching = Promise.all([records(), statuses()]).catch(fail);
  signal.addEventListener("abort", () => fail(signal.reason), { once: true });
  return {
    until: (goal) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        waiters.add({ goal, from: last.phase, resolve, reject });
        look();
      }),
    end: async () => {
      over.abort();
      await watching;
      await turn;
    },
  };
}
