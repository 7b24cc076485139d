import type { SeenAgent, SeenOrder, SeenPolicies, Settings } from "../core/observed.ts";
import type { Deliverer } from "../delivery/assignment.ts";
import type { GitDeliverer } from "../delivery/git/deliverer.ts";
import type { Clusters } from "../delivery/kubernetes/clusters.ts";
import type { KubernetesPlace } from "../delivery/kubernetes/session.ts";
import type { Heard } from "../delivery/wait/look.ts";
import type { AgentTarget, Driver, SignedOrder } from "../delivery/driver.ts";
import type { Client } from "../kube/client.ts";
import type { SigningKey } from "../licence/keys.ts";
import type { Addresses } from "./addresses.ts";
import type { Asking } from "../runtime/asking.ts";
import type { Telling } from "../runtime/events.ts";
import type { Log } from "../runtime/log.ts";
import type { Licences } from "./licences.ts";
import type { Notifications } from "./notifications.ts";
import type { Seal } from "./seal.ts";
import type { Stores } from "./stores.ts";
import type { WorkMetrics } from "./work-metrics.ts";

/** What the reconciles share. */
export interface Context {
  readonly client: Client;
  readonly stores: Stores;
  readonly agents: Driver<AgentTarget, SignedOrder>;
  readonly git: GitDeliverer;
  readonly kubernetes: Deliverer<KubernetesPlace>;
  /** Of other clusters, and of this one. */
  readonly clusters: Clusters;
  /** What was unhealthy where something is waited for, when it was last said. */
  readonly waits: Heard;
  /** What a target runs, and how far an order is. */
  readonly asking: { readonly agents: Asking<SeenAgent>; readonly orders: Asking<SeenOrder> };
  readonly orderKey: SigningKey;
  readonly licences: Licences;
  /** When licences are judged: a clock that somebody sets back revives none. */
  readonly licensedAt: () => number;
  readonly seal: Seal;
  readonly checkImage: string;
  readonly addresses: Addresses;
  readonly settings: Settings;
  readonly policies: PolicyMemory;
  readonly tell: (telling: Telling, signal?: AbortSignal) => Promise<boolean>;
  /** Counts the work; never throws. */
  readonly work: WorkMetrics;
  /** Tells whoever wants to know; never waits, never throws. */
  readonly notifications: Pick<Notifications, "saying">;
  /** False as soon as another process may be leader; asked before every effect. */
  readonly isLeader: () => boolean;
  readonly now: () => number;
  readonly log: Log;
}

/** What was last known of the admission policies in a namespace. Whoever acts on an approval reads them anew first. */
export interface PolicyMemory {
  readonly known: (namespace: string) => SeenPolicies;
  readonly read: (namespace: string, signal: AbortSignal) => Promise<SeenPolicies>;
}
