import { Gauge } from "@prometheus-io/client";
import { OPERATOR_NAMESPACE } from "../api/group.ts";
import type { Settings } from "../core/observed.ts";
import type { Client } from "../kube/client.ts";
import type { SigningKey, VerifyKeys } from "../licence/keys.ts";
import { serveHealth } from "../runtime/health.ts";
import { acquireLease } from "../runtime/lease.ts";
import type { Log } from "../runtime/log.ts";
import type { Metrics } from "../runtime/metrics.ts";
import { watchMetrics } from "../runtime/watch-metrics.ts";
import { writeMetrics } from "../runtime/write-metrics.ts";
import type { Addresses } from "./addresses.ts";
import { lead } from "./leading.ts";
import type { Notify } from "./notify-options.ts";
import { createStores, informers } from "./stores.ts";

export interface OperatorOptions {
  readonly client: Client;
  readonly orderKey: SigningKey;
  readonly licenceKeys: VerifyKeys;
  readonly checkImage: string;
  /** Where it and its Jobs may connect to. */
  readonly addresses: Addresses;
  readonly settings: Settings;
  /** Nobody is notified where it is absent. */
  readonly notify?: Notify;
  readonly healthPort: number;
  /** How often it says, signed, how far the records have come. */
  readonly checkpointMs: number;
  /** Unique to this process. */
  readonly identity: string;
  readonly random: () => number;
  /** What is counted, told under /metrics of the health port. */
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Runs the operator until the signal, then drains: what was begun is finished or given up within a bound. */
export async function runOperator(options: OperatorOptions, stop: AbortSignal): Promise<void> {
  const { log, random, identity, healthPort: port, metrics } = options;
  const client = writeMetrics(metrics, "ashat")(options.client);
  const stores = createStores(client, log, random, watchMetrics(metrics, "ashat"));
  const watching = new AbortController();
  const leader = new Gauge({
    name: "ashat_leader",
    help: "1 where this process does the work, 0 where it waits to.",
    registers: [metrics],
  });
  const health = await serveHealth({
    port,
    // That it answers is all there is to prove: whatever else is wrong, a restart would not mend.
    healthy: {},
    ready: {
      stores: () =>
        informers(stores).every((informer) => informer.isSynced()) ? undefined : "not every kind is listed yet",
    },
    pages: { "/metrics": { type: metrics.contentType, text: () => metrics.metrics() } },
  });
  try {
    const feeding = informers(stores).map((informer) => informer.run(watching.signal));
    const lease = await acquireLease(
      { client, namespace: OPERATOR_NAMESPACE, name: "ashat-operator", identity, random, log },
      stop,
    ).catch((error: unknown) => {
      if (stop.aborted) return undefined;
      throw error;
    });
    if (lease !== undefined) {
      leader.set(1);
      await lead({ ...options, client }, stores, lease, stop);
      leader.set(0);
      await lease.release();
      if (lease.lost.aborted && !stop.aborted)
        throw new Error("the leadership was lost: this process ends and another one goes on");
    }
    watching.abort();
    await Promise.all(feeding);
  } finally {
    watching.abort();
    await health.close();
  }
}
