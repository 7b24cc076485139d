import { OPERATOR_NAMESPACE } from "../api/group.ts";
import type { Settings } from "../core/observed.ts";
import type { Client } from "../kube/client.ts";
import type { SigningKey, VerifyKeys } from "../licence/keys.ts";
import { serveHealth } from "../runtime/health.ts";
import { createMetrics, METRICS_TYPE } from "../runtime/metrics.ts";
import { acquireLease } from "../runtime/lease.ts";
import type { Log } from "../runtime/log.ts";
import type { Addresses } from "./addresses.ts";
import { lead } from "./leading.ts";
import { createStores, informers } from "./stores.ts";

export interface OperatorOptions {
  readonly client: Client;
  readonly orderKey: SigningKey;
  readonly licenceKeys: VerifyKeys;
  readonly checkImage: string;
  /** Where it and its Jobs may connect to. */
  readonly addresses: Addresses;
  readonly settings: Settings;
  readonly healthPort: number;
  /** How often it says, signed, how far the records have come. */
  readonly checkpointMs: number;
  /** Unique to this process. */
  readonly identity: string;
  readonly random: () => number;
  readonly log: Log;
}

/** Runs the operator until the signal, then drains: what was begun is finished or given up within a bound. */
export async function runOperator(options: OperatorOptions, stop: AbortSignal): Promise<void> {
  const { client, log, random, identity, healthPort: port } = options;
  const stores = createStores(client, log, random);
  const watching = new AbortController();
  const metrics = createMetrics();
  const health = await serveHealth({
    port,
    // That it answers is all there is to prove: whatever else is wrong, a restart would not mend.
    healthy: {},
    ready: {
      stores: () =>
        informers(stores).every((informer) => informer.isSynced()) ? undefined : "not every kind is listed yet",
    },
    pages: { "/metrics": { type: METRICS_TYPE, text: metrics.text } },
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
      await lead({ ...options, metrics }, stores, lease, stop);
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
