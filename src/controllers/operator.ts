import { LABEL, OPERATOR_NAMESPACE } from "../api/group.ts";
import type { Settings } from "../core/observed.ts";
import { progressOf } from "../core/progress.ts";
import { agentDriver } from "../delivery/agent.ts";
import type { Client } from "../kube/client.ts";
import type { KubeObject } from "../kube/types.ts";
import type { SigningKey, VerifyKeys } from "../licence/keys.ts";
import { type Controller, createController, type Reconcile } from "../runtime/controller.ts";
import { createEvents } from "../runtime/events.ts";
import { serveHealth } from "../runtime/health.ts";
import { key as keyFor } from "../runtime/kind.ts";
import { acquireLease } from "../runtime/lease.ts";
import type { Log } from "../runtime/log.ts";
import { createQueue } from "../runtime/queue.ts";
import { createSchemas } from "../runtime/schemas.ts";
import { createAgentAsking } from "./agents.ts";
import type { Context } from "./context.ts";
import { keyOfRecord, reconcileDeployment } from "./deployment.ts";
import { type Failed, tellMainframeFailed, tellServerFailed, tellUpdateFailed } from "./failure.ts";
import { createGateWatch } from "./gate-watch.ts";
import { createLicences } from "./licences.ts";
import { isNews, isNewsOfTarget } from "./news.ts";
import { chain } from "./observe.ts";
import { createSeal } from "./seal.ts";
import { createStores, informers, ownKinds } from "./stores.ts";
import { reconcileMainframe, reconcileServer } from "./target.ts";

export interface OperatorOptions {
  readonly client: Client;
  readonly orderKey: SigningKey;
  readonly licenceKeys: VerifyKeys;
  readonly checkImage: string;
  readonly settings: Settings;
  readonly healthPort: number;
  /** Unique to this process. */
  readonly identity: string;
  readonly random: () => number;
  readonly log: Log;
}

/** They wait for others most of the time: for targets, and for the API server, which bounds by itself how much it is asked at once. */
const WORKERS = 64;
const DEADLINE_MS = 120_000;
const DRAIN_MS = 20_000;

/** Runs the operator until the signal, then drains: what was begun is finished or given up within a bound. */
export async function runOperator(options: OperatorOptions, stop: AbortSignal): Promise<void> {
  const { client, log, random, identity } = options;
  const stores = createStores(client, log, random);
  const watching = new AbortController();
  const clock = { now: () => performance.now(), random };
  let leader: { readonly valid: () => boolean } | undefined;

  const health = await serveHealth({
    port: options.healthPort,
    healthy: { process: () => undefined },
    ready: {
      stores: () => (informers(stores).every((informer) => informer.isSynced()) ? undefined : "not every kind is listed yet"),
    },
  });
  const gate = createGateWatch({
    client,
    log,
    inUse: (namespace) => stores.servers.store.by("namespace", namespace).length + stores.deployments.store.by("namespace", namespace).length > 0,
    onChange: (namespace) => {
      for (const raw of stores.servers.store.by("namespace", namespace)) servers.enqueue(keyFor(namespace, raw.metadata.name));
      ofNamespace(namespace);
    },
    stop: watching.signal,
  });
  const schemas = createSchemas({ client, log, kinds: ownKinds(stores) });
  const agents = agentDriver();
  const context: Context = {
    ...options,
    stores,
    agents,
    asking: createAgentAsking({ settings: options.settings, now: Date.now }, watching.signal),
    licences: createLicences(options.licenceKeys),
    seal: await createSeal(options.orderKey),
    policies: gate,
    isLeader: () => leader?.valid() === true,
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
      queue: createQueue(clock),
      now: clock.now,
      reconcile: (key, signal) => reconcile(context, key, signal),
      workers: WORKERS,
      deadlineMs: DEADLINE_MS,
      drainMs: DRAIN_MS,
      synced: informers(stores).map((informer) => informer.synced),
      log,
      onFailure: (key, kind, error, count) => tellFailed(context, key, { kind, error, count }),
    });
  const deployments = controller("deployment", reconcileDeployment, tellUpdateFailed);
  const servers = controller("server", reconcileServer, tellServerFailed);
  const mainframes = controller("mainframe", reconcileMainframe, tellMainframeFailed);

  /** An update that has ended is looked at again when it changes itself, not when its surroundings do. */
  const enqueueUnderWay = (raw: KubeObject): void => {
    const { uid, namespace, name } = raw.metadata;
    const progress = progressOf(chain(stores.records.store.by("update", uid), uid));
    if (progress.end === undefined && progress.tiers.mainframes.passedBy === undefined) deployments.enqueue(keyFor(namespace, name));
  };
  const ofNamespace = (namespace: string | undefined): void => {
    for (const raw of stores.deployments.store.by("namespace", namespace ?? "")) enqueueUnderWay(raw);
  };

  stores.deployments.subscribe((key, now, before) => {
    if (isNews(now, before)) deployments.enqueue(key);
  });
  stores.records.subscribe((_, record) => {
    if (record === undefined) return;
    deployments.enqueue(keyOfRecord(record));
    // What is held on Public gives way to a newer update, which waits for it.
    if (record.spec.to === "Held") ofNamespace(record.metadata.namespace);
  });
  stores.servers.subscribe((key, now, before) => {
    if (isNewsOfTarget(now, before)) servers.enqueue(key);
    ofNamespace((now ?? before)?.metadata.namespace);
    if (!isNews(now, before)) return;
    for (const raw of stores.mainframes.store.by("namespace", (now ?? before)?.metadata.namespace ?? ""))
      mainframes.enqueue(keyFor(raw.metadata.namespace, raw.metadata.name));
  });
  stores.mainframes.subscribe((key, now, before) => {
    if (isNewsOfTarget(now, before)) mainframes.enqueue(key);
    ofNamespace((now ?? before)?.metadata.namespace);
  });
  for (const informer of [stores.jobs, stores.pods])
    informer.subscribe((_, now, before) => {
      const { namespace, labels } = (now ?? before)?.metadata ?? {};
      const name = labels?.[LABEL.deployment];
      if (name !== undefined) deployments.enqueue(keyFor(namespace, name));
    });

  try {
    const feeding = informers(stores).map((informer) => informer.run(watching.signal));
    const lease = await acquireLease({ client, namespace: OPERATOR_NAMESPACE, name: "ashat-operator", identity, random, log }, stop).catch((error: unknown) => {
      if (stop.aborted) return undefined;
      throw error;
    });
    if (lease !== undefined) {
      leader = lease;
      const working = AbortSignal.any([stop, lease.lost]);
      await Promise.all([
        ...[deployments, servers, mainframes].map((one) => one.run(working)),
        gate.run(working),
        schemas.run(working),
      ]);
      await lease.release();
      if (lease.lost.aborted && !stop.aborted) throw new Error("the leadership was lost: this process ends and another one goes on");
    }
    watching.abort();
    await Promise.all(feeding);
  } finally {
    watching.abort();
    await health.close();
    await agents.close();
  }
}
