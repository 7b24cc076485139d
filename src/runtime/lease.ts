import type { Client } from "../kube/client.ts";
import { alreadyExists, conflict, notFound } from "../kube/errors.ts";
import { pause } from "../kube/pause.ts";
import type { KubeObject, Resource } from "../kube/types.ts";
import { candidacy, claimed, expired, sighted, TERMS } from "./candidacy.ts";
import type { LeaseSpec, Sighting, Terms } from "./candidacy.ts";
import type { Log } from "./log.ts";
import { microtime } from "./microtime.ts";

export type Lease = KubeObject & { readonly spec?: LeaseSpec };
export const LEASES: Resource<Lease> = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
};

export type LeaseOptions = {
  readonly client: Client;
  readonly namespace: string;
  readonly name: string;
  /** Unique to this process, also among restarts on the same machine. */
  readonly identity: string;
  readonly random: () => number;
  readonly log: Log;
  /** Local monotonic milliseconds. */
  readonly now?: () => number;
  readonly wall?: () => Date;
  readonly terms?: Terms;
};

/** Leadership that was won. */
export type Held = {
  /** Aborted when the leadership is lost; whoever works in its name must then end the process. */
  readonly lost: AbortSignal;
  /** Whether the last renewal is recent enough that nobody else can be leader; asked right before what cannot be undone. */
  readonly valid: () => boolean;
  /** Gives it up, so that the next candidate need not wait. */
  readonly release: () => Promise<void>;
};

/** Waits until this process is the leader, then renews in the background. An abort of the signal ends the waiting by throwing. */
export const acquireLease = async (options: LeaseOptions, signal: AbortSignal): Promise<Held> => {
  const { client, namespace, name, identity, random, log } = options;
  const now = options.now ?? (() => performance.now());
  const wall = options.wall ?? (() => new Date());
  const terms = options.terms ?? TERMS;
  const at = { namespace, name };
  let seen: Sighting | undefined;

  const read = async (signal?: AbortSignal): Promise<Lease | undefined> => {
    const lease = await client.find(LEASES, at, { lane: "lease", signal });
    seen = lease === undefined ? undefined : sighted(seen, lease.metadata.resourceVersion, lease.spec ?? {}, now());
    return lease;
  };

  const write = async (lease: Lease | undefined, spec: LeaseSpec, signal?: AbortSignal): Promise<Lease> => {
    const options = { lane: "lease", signal } as const;
    if (lease === undefined) return client.create(LEASES, { metadata: at, spec }, options);
    const { uid, resourceVersion, labels, annotations, ownerReferences } = lease.metadata;
    const metadata = {
      ...at,
      uid,
      resourceVersion,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(ownerReferences && { ownerReferences }),
    };
    return client.replace(LEASES, { metadata, spec }, options);
  };

  /** One attempt; the lease when it is ours now. What was read just before is what the write insists on. */
  const attempt = async (signal?: AbortSignal): Promise<Lease | undefined> => {
    const lease = await read(signal);
    if (candidacy(identity, seen, now(), terms) === "wait") return undefined;
    try {
      const mine = await write(lease, claimed(identity, seen, terms, microtime(wall())), signal);
      seen = sighted(seen, mine.metadata.resourceVersion, mine.spec ?? {}, now());
      return mine;
    } catch (error) {
      if (conflict(error) || alreadyExists(error) || notFound(error)) return undefined;
      throw error;
    }
  };

  // Counted from before the request: the others count from when it reached the server, which is later.
  let renewedAt = 0;
  for (;;) {
    signal.throwIfAborted();
    const begun = now();
    try {
      if ((await attempt(signal)) !== undefined) {
        renewedAt = begun;
        break;
      }
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ err: error, lease: name }, "The lease cannot be read or written; trying again.");
    }
    await pause(terms.retryMs * (1 + 0.2 * random()), signal);
  }
  log.info({ lease: name, identity }, "This process is the leader.");

  const lost = new AbortController();
  const ended = new AbortController();
  const lose = (why: string): void => {
    if (lost.signal.aborted || ended.signal.aborted) return;
    log.error({ lease: name, identity }, why);
    lost.abort(new Error(why));
  };
  /** Fires by itself while a renewal hangs. */
  const watchdog = (): NodeJS.Timeout =>
    setTimeout(
      () => lose("The leadership is lost: the lease could not be renewed in time."),
      Math.max(0, renewedAt + terms.renewWithinMs - now()),
    );

  const renewing = async (): Promise<void> => {
    let bound = watchdog();
    while (!ended.signal.aborted && !lost.signal.aborted) {
      await pause(terms.retryMs, ended.signal).catch(() => undefined);
      if (ended.signal.aborted || lost.signal.aborted) break;
      const begun = now();
      try {
        const mine = await attempt(ended.signal);
        if (mine !== undefined) {
          renewedAt = begun;
          clearTimeout(bound);
          bound = watchdog();
        } else if (seen !== undefined && seen.spec.holderIdentity !== identity) {
          lose(`The leadership is lost: ${seen.spec.holderIdentity ?? "nobody"} holds the lease now.`);
        }
      } catch (error) {
        if (!ended.signal.aborted)
          log.warn({ err: error, lease: name }, "The lease could not be renewed; trying again.");
      }
    }
    clearTimeout(bound);
  };
  const renewal = renewing();

  return {
    lost: lost.signal,
    valid: () => !lost.signal.aborted && !ended.signal.aborted && !expired(renewedAt, now(), terms),
    release: async () => {
      if (ended.signal.aborted) return;
      ended.abort();
      await renewal;
      if (lost.signal.aborted) return;
      try {
        const lease = await read();
        if (lease?.spec?.holderIdentity !== identity) return;
        const time = microtime(wall());
        await write(lease, { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: time });
      } catch (error) {
        log.warn({ err: error, lease: name }, "The lease could not be given back; it runs out by itself.");
      }
    },
  };
};
