import { type Backoff, backoffMs } from "../kube/backoff.ts";
import { atMost } from "./at-most.ts";
import { createController } from "./controller.ts";
import type { Log } from "./log.ts";
import { again, WAIT } from "./outcome.ts";
import type { Queue } from "./queue.ts";

export interface Message {
  /** The same id twice is the same message. */
  readonly id: string;
  /** Messages of one lane are sent one after the other. */
  readonly lane: string;
  readonly kind: string;
  readonly body: string;
}

export type Sent =
  { readonly state: "Taken" } | { readonly state: "NotTaken"; readonly why: string; readonly afterMs?: number };

/** What became of a message, or of an attempt to send it. */
export type Fate = "delivered" | "failed" | "given_up" | "dropped";

export interface OutboxOptions {
  readonly send: (message: Message, signal: AbortSignal) => Promise<Sent>;
  readonly queue: Queue;
  /** The clock of the queue. */
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
  readonly count: (fate: Fate, kind: string) => void;
  /** After this time a message is given up. */
  readonly keepMs: number;
  /** More than these are not kept: of the group that has most, the oldest goes. */
  readonly most: number;
  readonly groupOf?: (lane: string) => string;
  readonly backoff?: Backoff;
}

export interface Outbox {
  /** Never waits and never throws. */
  readonly put: (message: Message) => void;
  /** Takes what can wait as room for it appears; it fills no more than half, and pushes nothing out. */
  readonly feed: (messages: Iterator<Message>) => void;
  readonly pending: () => number;
  /** Sends until the signal, and then once more what is left, within a bound. */
  readonly run: (stop: AbortSignal) => Promise<void>;
}

interface Waiting extends Message {
  readonly at: number;
}

/** How many lanes are sent from at once. */
export const SENDERS = 4;
const ATTEMPT_MS = 20_000;
const FAREWELL_MS = 3_000;
const REMEMBERED = 5_000;
const BACKOFF: Backoff = { firstMs: 1_000, capMs: 60_000 };

const about = ({ id, kind, lane }: Message): object => ({ notification: id, kind, key: lane });

/** Messages on their way out, in memory: in order per lane, tried again until they are taken or too old. */
export function createOutbox(options: OutboxOptions): Outbox {
  const { send, queue, now, random, log, count, keepMs, most, groupOf = () => "", backoff = BACKOFF } = options;
  const lanes = new Map<string, Waiting[]>();
  /** In the order they came. */
  const pending = new Map<string, Waiting>();
  const sending = new Set<string>();
  const taken = new Set<string>();
  const failures = new Map<string, number>();
  let source: Iterator<Message> | undefined;

  const remove = (message: Waiting): void => {
    pending.delete(message.id);
    const rest = (lanes.get(message.lane) ?? []).filter((one) => one !== message);
    if (rest.length > 0) lanes.set(message.lane, rest);
    else lanes.delete(message.lane);
    refill();
  };

  const remember = (id: string): void => {
    taken.add(id);
    const [oldest] = taken;
    if (taken.size > REMEMBERED && oldest !== undefined) taken.delete(oldest);
  };

  const makeRoom = (): void => {
    if (pending.size < most) return;
    const resting = [...pending.values()].filter(({ id }) => !sending.has(id));
    const groups = [...Map.groupBy(resting, ({ lane }) => groupOf(lane)).values()];
    // Of equals the one whose oldest is older comes first.
    const largest = groups.reduce<readonly Waiting[]>((most, group) => (group.length > most.length ? group : most), []);
    const [oldest] = largest;
    if (oldest === undefined) return;
    remove(oldest);
    count("dropped", oldest.kind);
    log.error({ ...about(oldest), most }, "Too many notifications wait for their receiver: the oldest was dropped.");
  };

  const accept = (message: Message): void => {
    if (pending.has(message.id) || taken.has(message.id)) return;
    makeRoom();
    const waiting = { ...message, at: now() };
    pending.set(message.id, waiting);
    const lane = lanes.get(message.lane);
    if (lane !== undefined) {
      lane.push(waiting);
      return;
    }
    lanes.set(message.lane, [waiting]);
    controller.enqueue(message.lane);
  };

  const refill = (): void => {
    while (source !== undefined && pending.size < most / 2) {
      const next = source.next();
      if (next.done === true) source = undefined;
      else accept(next.value);
    }
  };

  /** Whether the first message of the lane was taken. */
  const attempt = async (message: Waiting, signal: AbortSignal): Promise<Sent> => {
    sending.add(message.id);
    try {
      const sent = await send(message, signal);
      if (sent.state === "Taken") {
        remove(message);
        remember(message.id);
        count("delivered", message.kind);
      } else count("failed", message.kind);
      return sent;
    } finally {
      sending.delete(message.id);
    }
  };

  const controller = createController({
    name: "notifications",
    queue,
    now,
    workers: SENDERS,
    deadlineMs: ATTEMPT_MS,
    drainMs: FAREWELL_MS,
    synced: [],
    log,
    reconcile: async (lane, signal) => {
      const message = lanes.get(lane)?.[0];
      if (message === undefined) {
        failures.delete(lane);
        return WAIT;
      }
      if (now() - message.at >= keepMs) {
        remove(message);
        count("given_up", message.kind);
        log.error(about(message), "A notification was given up: its receiver did not take it for too long.");
        return again(0);
      }
      const sent = await attempt(message, signal);
      if (sent.state === "Taken") {
        failures.delete(lane);
        return lanes.has(lane) ? again(0) : WAIT;
      }
      const before = failures.get(lane) ?? 0;
      failures.set(lane, before + 1);
      const afterMs = sent.afterMs ?? backoffMs(backoff, before, random);
      const fields = { ...about(message), why: sent.why, againInMs: Math.round(afterMs), count: before + 1 };
      if (before === 0) log.warn(fields, "A notification was not taken; it is sent again.");
      else log.debug(fields, "A notification was not taken again.");
      return again(afterMs);
    },
  });

  const farewell = async (): Promise<void> => {
    const bound = AbortSignal.timeout(FAREWELL_MS);
    const last = async (lane: string): Promise<void> => {
      for (let message = lanes.get(lane)?.[0]; message !== undefined && !bound.aborted; message = lanes.get(lane)?.[0])
        if ((await attempt(message, bound)).state === "NotTaken") return;
    };
    await atMost(SENDERS, [...lanes.keys()], last);
    if (pending.size > 0)
      log.warn(
        { left: pending.size },
        "Notifications are left; who leads next tells again what still waits for a person.",
      );
  };

  return {
    put: accept,
    feed: (messages) => {
      source = messages;
      refill();
    },
    pending: () => pending.size,
    run: async (stop) => {
      await controller.run(stop);
      await farewell();
    },
  };
}
