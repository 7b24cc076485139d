import type { Client, Selection } from "../kube/client.ts";
import { pause } from "../kube/pause.ts";
import type { KubeObject } from "../kube/types.ts";
import { projected, watch } from "../kube/watch.ts";
import { guarded } from "./indexes.ts";
import type { IndexFunctions } from "./indexes.ts";
import type { Kind } from "./kind.ts";
import type { Log } from "./log.ts";
import { createStore } from "./store.ts";
import type { Change, StoreView } from "./store.ts";

/** Called for every change, also of a status or a version alone: whoever is interested puts a key into a queue, and the queue de-duplicates. */
export type Subscriber<T> = (key: string, object: T | undefined, old: T | undefined) => void;

export type Informer<T extends KubeObject, I extends string = never> = {
  readonly store: StoreView<T, I>;
  readonly subscribe: (subscriber: Subscriber<T>) => () => void;
  /** The reply to an own write: readers see it at once, and the watch's older word does not undo it. */
  readonly put: (object: T) => void;
  /** Watches until the signal; never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Settled once the first complete list is in the store. */
  readonly synced: Promise<void>;
  readonly isSynced: () => boolean;
  /** Lists anew, for example after the kind's schema changed: an open stream goes on reading by the old one. */
  readonly refresh: () => void;
  /** Why the store may be out of date just now, if it may be. */
  readonly trouble: () => Error | undefined;
};

const REFRESH_MS = 600_000;
const RESTART_MS = 5_000;

export const createInformer = <T extends KubeObject, I extends string = never>(options: {
  readonly client: Client;
  readonly kind: Kind<T>;
  readonly indexes: IndexFunctions<T, I>;
  readonly selection?: Selection;
  readonly random: () => number;
  readonly log: Log;
  /** How often the store is compared with a complete list, to heal what no event would. */
  readonly refreshMs?: number;
  /** Told whenever the watch is interrupted. */
  readonly onTrouble?: (kind: string, error: Error) => void;
}): Informer<T, I> => {
  const { client, kind, log } = options;
  const store = createStore<T, I>(
    guarded(options.indexes, (error, index) => {
      log.error(
        { err: error, kind: kind.resource.kind, index },
        "An object cannot be indexed; it is in the store without.",
      );
    }),
  );
  const subscribers = new Set<Subscriber<T>>();
  const first = Promise.withResolvers<void>();
  let synced = false;
  let trouble: Error | undefined;
  let round = new AbortController();

  const publish = (changes: readonly Change<T>[]): void => {
    for (const { key, object, old } of changes) {
      for (const subscriber of subscribers) {
        try {
          subscriber(key, object, old);
        } catch (error) {
          log.error(
            { err: error, kind: kind.resource.kind, key },
            "A subscriber failed; the others and the watch go on.",
          );
        }
      }
    }
  };

  const refresh = (): void => round.abort();

  /** One list and the watch after it, until the signal. */
  const follow = async (signal: AbortSignal): Promise<void> => {
    const project = kind.project === undefined ? {} : { project: kind.project };
    let take = store.put;
    for await (const event of watch(client, kind.resource, {
      ...options.selection,
      ...project,
      signal,
      random: options.random,
    })) {
      switch (event.type) {
        case "listing":
          store.beginList();
          take = store.putListed;
          break;
        case "rewound":
          log.warn(
            { kind: kind.resource.kind },
            "The API server was restored from an earlier state; what it says now counts.",
          );
          store.rewind();
          break;
        case "put":
          publish(take(event.object));
          break;
        case "gone":
          publish(store.remove(event.object));
          break;
        case "listed":
          publish(store.endList(event.resourceVersion));
          take = store.put;
          synced = true;
          first.resolve();
          break;
        case "watching":
          trouble = undefined;
          break;
        case "trouble":
          trouble = event.error;
          options.onTrouble?.(kind.resource.kind, event.error);
          log.info(
            { err: event.error, kind: kind.resource.kind, againInMs: Math.round(event.againInMs) },
            "The watch was interrupted and goes on by itself.",
          );
          break;
        default:
          event satisfies never;
      }
    }
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    signal.addEventListener("abort", refresh, { once: true });
    while (!signal.aborted) {
      round = new AbortController();
      const timer = setTimeout(refresh, (options.refreshMs ?? REFRESH_MS) * (0.9 + 0.2 * options.random()));
      try {
        await follow(round.signal);
      } catch (error) {
        log.error({ err: error, kind: kind.resource.kind }, "The watch failed in a way it should not; it begins anew.");
        await pause(RESTART_MS, signal).catch(() => undefined);
      }
      clearTimeout(timer);
    }
    signal.removeEventListener("abort", refresh);
  };

  return {
    store,
    refresh,
    subscribe: (subscriber) => {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    put: (object) => publish(store.put(projected(kind.project, object))),
    run,
    synced: first.promise,
    isSynced: () => synced,
    trouble: () => trouble,
  };
};
