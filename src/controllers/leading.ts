import { type Controller, createController, type Reconcile } from "../runtime/controller.ts";
import { createEvents } from "../runtime/events.ts";
import { fenced } from "../runtime/fenced.ts";
import { splitKey } from "../runtime/kind.ts";
import { SENDERS } from "../runtime/outbox.ts";
import { createQueue } from "../runtime/queue.ts";
import { createSchemas } from "../runtime/schemas.ts";
import { queueMetrics } from "../runtime/queue-metrics.ts";
import { createAgentAsking } from "./agents.ts";
import { createCheckpoints } from "./checkpoint.ts";
import type { Context } from "./context.ts";
import { openDrivers } from "./drivers.ts";
import { reconcileDeployment } from "./deployment.ts";
import { type Failed, tellMainframeFailed, tellServerFailed, tellUpdateFailed } from "./failure.ts";
import { createGateWatch } from "./gate-watch.ts";
import { latestStamp } from "./latest-stamp.ts";
import { createLicences } from "./licences.ts";
import { startNotifying } from "./notifying.ts";
import type { OperatorOptions } from "./operator.ts";
import { createSeal } from "./seal.ts";
import { informers, ownKinds, type Stores } from "./stores.ts";
import { reconcileMainframe, reconcileServer } from "./target.ts";
import { createWorkMetrics } from "./work-metrics.ts";
import { subscribe, type Wake, wakesOfPolicies } from "./wakes.ts";

/** They wait for others most of the time: for targets, and for the API server, which is asked only so much at once. */
const WORKERS = 64;
/** Who hangs at a server that is silent holds up no other namespace. */
const MOST_PER_NAMESPACE = 8;
const groupOf = (key: string): string => splitKey(key).namespace ?? "";
const DEADLINE_MS = 120_000;
const DRAIN_MS = 20_000;

interface Leadership {
  readonly valid: () => boolean;
  readonly lost: AbortSignal;
}

/** What the leader does until it is stopped or loses the lease; settles when nothing runs any more. */
export async function lead(
  options: OperatorOptions,
  stores: Stores,
  { valid, lost }: Leadership,
  stop: AbortSignal,
): Promise<void> {
  const { log, random, identity, settings } = options;
  const client = fenced(options.client, valid);
  const working = AbortSignal.any([stop, lost]);
  const alive = new AbortController();
  const { close: closeDrivers, ...drivers } = await openDrivers(client, options.addresses.rules, options.orderKey);
  const gate = createGateWatch({
    client,
    log,
    inUse: (namespace) =>
      stores.servers.store.by("namespace", namespace).length +
        stores.deployments.store.by("namespace", namespace).length >
      0,
    stop: alive.signal,
  });
  const stamped = latestStamp([stores.deployments, stores.records, stores.jobs, stores.pods]);
  const work = createWorkMetrics(options.metrics, log);
  const clock = { now: () => performance.now(), random };
  const measured = queueMetrics(options.metrics, "ashat");
  const seal = await createSeal(options.orderKey);
  const notifying = startNotifying(
    options,
    stores,
    () => measured("notifications", createQueue(clock, { groupOf, workers: SENDERS, mostPerGroup: 1 }), clock.now),
    clock,
  );
  const context: Context = {
    ...options,
    client,
    stores,
    ...drivers,
    asking: createAgentAsking({ settings, now: Date.now }, alive.signal),
    licences: createLicences(options.licenceKeys),
    licensedAt: () => Math.max(Date.now(), stamped()),
    seal,
    policies: gate,
    work,
    notifications: notifying.notifications,
    isLeader: valid,
    now: Date.now,
    tell: createEvents({ client, reportingController: "ashat.raos.io/operator", reportingInstance: identity, log }),
  };
  const controller = (
    name: string,
    reconcile: (context: Context, ...rest: Parameters<Reconcile>) => ReturnType<Reconcile>,
    tellFailed: (context: Context, key: string, failed: Failed) => Promise<void>,
  ): Controller =>
    createController({
      name,
      queue: measured(
        name,
        createQueue(clock, { groupOf, workers: WORKERS, mostPerGroup: MOST_PER_NAMESPACE }),
        clock.now,
      ),
      now: clock.now,
      reconcile: (key, signal) => reconcile(context, key, signal),
      workers: WORKERS,
      deadlineMs: DEADLINE_MS,
      drainMs: DRAIN_MS,
      synced: informers(stores).map((informer) => informer.synced),
      log,
      onFailure: (key, kind, error, count) => tellFailed(context, key, { kind, error, count }),
    });
  const controllers: Readonly<Record<Wake["who"], Controller>> = {
    update: controller("deployment", reconcileDeployment, tellUpdateFailed),
    server: controller("server", reconcileServer, tellServerFailed),
    mainframe: controller("mainframe", reconcileMainframe, tellMainframeFailed),
  };
  stores.deployments.subscribe((_, now, before) => work.seen(now, before));
  for (const raw of stores.deployments.store.all()) work.seen(raw, undefined);
  const wake = (wakes: readonly Wake[]): void => {
    for (const { who, key } of wakes) controllers[who].enqueue(key);
  };
  subscribe(stores, wake);
  gate.subscribe((namespace) => wake(wakesOfPolicies(namespace, stores)));
  const checkpoints = createCheckpoints({
    records: stores.records.store.all,
    key: options.orderKey,
    metrics: options.metrics,
    log,
    by: identity,
    now: Date.now,
    everyMs: options.checkpointMs,
  });
  const schemas = createSchemas({ client, log, kinds: ownKinds(stores) });
  try {
    await Promise.all([
      ...Object.values(controllers).map((one) => one.run(working)),
      gate.run(working),
      schemas.run(working),
      checkpoints.run(working, stores.records.synced),
    ]);
  } finally {
    alive.abort(new Error("the operator stops"));
    await Promise.all([closeDrivers(), notifying.end()]);
  }
}
