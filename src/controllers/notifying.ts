import type { Queue } from "../runtime/queue.ts";
import { createNotifications, NO_NOTIFICATIONS, type Notifications } from "./notifications.ts";
import type { OperatorOptions } from "./operator.ts";
import { createReceiver } from "./receiver.ts";
import { informers, type Stores } from "./stores.ts";

/** The notifications of one leadership. */
export interface Notifying {
  readonly notifications: Pick<Notifications, "saying">;
  /** Sends what is left, within a bound. */
  readonly end: () => Promise<void>;
}

export function startNotifying(
  { notify, addresses, metrics, log }: OperatorOptions,
  stores: Stores,
  queue: () => Queue,
  clock: { readonly now: () => number; readonly random: () => number },
): Notifying {
  if (notify === undefined) return { notifications: NO_NOTIFICATIONS, end: () => Promise.resolve() };
  const receiver = createReceiver({ ...notify, addresses: addresses.rules, now: Date.now });
  const { source } = notify;
  const notifications = createNotifications({ receiver, source, queue: queue(), clock, now: Date.now, metrics, log });
  const stop = new AbortController();
  const running = notifications.run(stop.signal);
  // Before the first update is looked at: what was last said of it is told before what is said next.
  void Promise.all(informers(stores).map(({ synced }) => synced)).then(() => notifications.resume(stores));
  log.info({ receiver: notify.url.origin }, "Where a person is needed, and how updates end, is told to a receiver.");
  return {
    notifications,
    end: async () => {
      stop.abort();
      await running;
      await receiver.close();
    },
  };
}
