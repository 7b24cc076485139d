import { Counter, Gauge } from "@prometheus-io/client";
import type { DeploymentSpec, DeploymentStatus } from "../api/deployment.ts";
import { hashOf } from "../api/hash.ts";
import { eventType, NOTICES, type Notification } from "../api/notification.ts";
import type { RecordSpec } from "../api/record.ts";
import { newNotices, type Notice, standingNotices } from "../core/notices.ts";
import { keyOf, splitKey } from "../runtime/kind.ts";
import type { Log } from "../runtime/log.ts";
import type { Metrics } from "../runtime/metrics.ts";
import { createOutbox, type Message, type Outbox } from "../runtime/outbox.ts";
import type { Queue } from "../runtime/queue.ts";
import type { Raw } from "./kinds.ts";
import { chain } from "./observe.ts";
import type { Receiver } from "./receiver.ts";
import { createRetelling, type Retelling } from "./retelling.ts";
import type { Stores } from "./stores.ts";

/** Tells a receiver where a person is needed and how updates end. Whoever calls is never kept waiting, and nothing is thrown. */
export interface Notifications {
  /** The status of an update is about to be written. */
  readonly saying: (raw: Raw, status: DeploymentStatus, records: readonly RecordSpec[]) => void;
  /** Tells again what waits for a person, and what has just happened: who led before may have died before telling it. */
  readonly resume: (stores: Pick<Stores, "deployments" | "records">) => void;
  readonly run: (stop: AbortSignal) => Promise<void>;
}

export const NO_NOTIFICATIONS: Pick<Notifications, "saying"> = { saying: () => undefined };

const KEEP_MS = 86_400_000;
const MOST = 1_000;
/** What has ended is told again for this long; longer would fill the rooms of people after every restart. */
const AGAIN_MS = 900_000;

/** Notifications of one update stay in order; another one of its name has an order of its own. */
const laneOf = ({ metadata: { namespace = "", uid } }: Raw): string => `${namespace}/${uid}`;
const namespaceOfLane = (lane: string): string => splitKey(lane).namespace ?? "";

export function createNotifications(options: {
  readonly receiver: Pick<Receiver, "send">;
  /** What events name as where they come from. */
  readonly source: string;
  readonly queue: Queue;
  readonly clock: { readonly now: () => number; readonly random: () => number };
  readonly now: () => number;
  readonly metrics: Metrics;
  readonly log: Log;
}): Notifications {
  const { receiver, source, queue, clock, now, log } = options;
  const count = counters(options.metrics, () => outbox);
  const outbox: Outbox = createOutbox({
    send: receiver.send,
    groupOf: namespaceOfLane,
    queue,
    ...clock,
    log,
    count,
    keepMs: KEEP_MS,
    most: MOST,
  });
  const messages = (raw: Raw, status: DeploymentStatus, notices: readonly Notice[]): readonly Message[] =>
    notices.map((notice) => {
      const event = eventOf(source, raw, status, notice);
      return { id: event.id, lane: laneOf(raw), kind: notice.what, body: JSON.stringify(event) };
    });
  const harmless = (make: () => readonly Message[]): readonly Message[] => {
    try {
      return make();
    } catch (error) {
      log.error({ err: error }, "A notification could not be made; the update goes on.");
      return [];
    }
  };
  let retelling: Retelling | undefined;
  return {
    saying: (raw, status, records) => {
      const before = (raw.status as DeploymentStatus | undefined) ?? {};
      const fresh = harmless(() => messages(raw, status, newNotices(before, status, records)));
      if (fresh.length === 0) return;
      // In the order in which it happened, as ever.
      for (const message of [...(retelling?.now(keyOf(raw)) ?? []), ...fresh]) outbox.put(message);
    },
    resume: ({ deployments, records }) => {
      const since = now() - AGAIN_MS;
      const standing = (key: string): readonly Message[] =>
        harmless(() => {
          const raw = deployments.store.get(key);
          if (raw === undefined) return [];
          const { uid } = raw.metadata;
          const status = (raw.status as DeploymentStatus | undefined) ?? {};
          return messages(raw, status, standingNotices(status, chain(records.store.by("update", uid), uid), since));
        });
      retelling = createRetelling([...deployments.store.all()].map(keyOf), standing);
      outbox.feed(retelling.inTurn());
    },
    run: outbox.run,
  };
}

/** The same thing told twice, by whichever process, is the same event. */
export function eventOf(source: string, raw: Raw, status: DeploymentStatus, notice: Notice): Notification {
  const { name, namespace = "", uid } = raw.metadata;
  const { app, version } = raw.spec as DeploymentSpec;
  const { what, key, time, message, record } = notice;
  const { phase, tier, approval, blockedBy = [] } = status;
  return {
    specversion: "1.0",
    id: hashOf([uid, what, key]).slice(0, 32),
    source,
    type: eventType(what),
    subject: keyOf(raw),
    time,
    datacontenttype: "application/json",
    data: {
      update: { namespace, name, uid },
      app,
      version,
      ...(tier !== undefined && { tier }),
      ...(phase !== undefined && { phase }),
      message,
      ...(approval !== undefined && { approval }),
      ...(blockedBy.length > 0 && {
        blockedBy: blockedBy.map(({ gate, message, who, command, needed, since }) => ({
          gate,
          message,
          who,
          ...(command !== undefined && { command }),
          ...(needed !== undefined && { needed }),
          since,
        })),
      }),
      ...(record?.overrides !== undefined && { overrides: record.overrides }),
      ...(record !== undefined && { record: { seq: record.seq, hash: record.hash } }),
    },
  };
}

function counters(metrics: Metrics, outbox: () => Outbox) {
  const registers = [metrics];
  const fates = new Counter({
    name: "ashat_notifications_total",
    help: "Notifications by what they tell and what became of them: delivered, given_up after a day, or dropped because too many waited.",
    labelNames: ["event", "outcome"],
    registers,
  });
  const failures = new Counter({
    name: "ashat_notification_failures_total",
    help: "Attempts to notify that the receiver did not take; each is repeated.",
    labelNames: ["event"],
    registers,
  });
  const pending = new Gauge({
    name: "ashat_notifications_pending",
    help: "Notifications that wait for their receiver.",
    registers,
    collect() {
      this.set(outbox().pending());
    },
  });
  pending.set(0);
  for (const event of NOTICES) failures.inc({ event }, 0);
  return (fate: "delivered" | "failed" | "given_up" | "dropped", event: string): void =>
    fate === "failed" ? failures.inc({ event }) : fates.inc({ event, outcome: fate });
}
