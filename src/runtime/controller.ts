import { classify } from "./failure.ts";
import type { Failure } from "./failure.ts";
import type { Log } from "./log.ts";
import type { Outcome } from "./outcome.ts";
import type { Queue } from "./queue.ts";
import { createStreaks } from "./streaks.ts";

export type Reconcile = (key: string, signal: AbortSignal) => Promise<Outcome>;

export type ControllerOptions = {
  readonly name: string;
  readonly queue: Queue;
  /** The clock of the queue. */
  readonly now: () => number;
  readonly reconcile: Reconcile;
  /** How many keys are worked on at once. */
  readonly workers: number;
  /** A reconcile that takes longer is aborted. */
  readonly deadlineMs: number;
  /** After the stop, how long running reconciles may go on before they are aborted too. */
  readonly drainMs: number;
  /** Nothing runs before these are settled: a half-filled store looks like deletions. */
  readonly synced: readonly Promise<void>[];
  readonly log: Log;
  /** Told of every failure that a person should see, with how often this kind happened since the key last went well; it may write a condition, and must not throw. */
  readonly onFailure?: (key: string, failure: Failure["kind"], error: Error, count: number) => Promise<void>;
};

export type Controller = {
  /** Asks for a reconcile, at once or after a time. */
  readonly enqueue: (key: string, afterMs?: number) => void;
  /** Works until the signal, then drains; settles when nothing runs any more. */
  readonly run: (signal: AbortSignal) => Promise<void>;
};

const LONGEST_TIMER = 2 ** 31 - 1;

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

export const createController = (options: ControllerOptions): Controller => {
  const { queue, log, now, name } = options;
  const inFlight = new Map<string, { readonly done: Promise<void>; readonly abort: (reason: Error) => void }>();
  const streaks = createStreaks();
  let open = false;
  let timer: NodeJS.Timeout | undefined;
  let gathering = false;

  /** The one place where an error becomes a time in the queue. */
  const failed = async (key: string, thrown: unknown): Promise<void> => {
    const error = asError(thrown);
    const failure = classify(error, queue.failures(key));
    const { count, changed } = streaks.add(key, failure.kind);
    const delay = queue.failed(key, failure.backoff);
    const fields = { controller: name, key, err: error, againInMs: Math.round(delay), count };
    switch (failure.kind) {
      case "Stale":
        log.debug(fields, "The object changed meanwhile; it is looked at again.");
        return;
      case "Throttled":
        log.info(fields, "The API server asks to wait.");
        return;
      case "Forbidden":
      case "Invalid":
        if (changed) log.warn(fields, "The API server refuses a request.");
        break;
      case "Error":
        if (changed) log.error(fields, "A reconcile failed.");
        break;
      default:
        failure satisfies never;
    }
    await options.onFailure?.(key, failure.kind, error, count);
  };

  const succeeded = (key: string, outcome: Outcome): void => {
    queue.forget(key);
    streaks.end(key);
    if (outcome.do === "again") queue.add(key, now() + outcome.afterMs);
  };

  const work = async (key: string, stop: AbortController): Promise<void> => {
    const limit = setTimeout(
      () => stop.abort(new Error(`The reconcile of ${key} took longer than ${options.deadlineMs} ms.`)),
      options.deadlineMs,
    );
    try {
      succeeded(key, await options.reconcile(key, stop.signal));
    } catch (error) {
      if (open)
        await failed(key, stop.signal.aborted ? stop.signal.reason : error).catch((second: unknown) =>
          log.error({ err: second, key }, "Reporting a failure failed."),
        );
      else log.info({ controller: name, key, err: error }, "A reconcile was given up because the process stops.");
    } finally {
      clearTimeout(limit);
      queue.done(key);
      inFlight.delete(key);
      pump();
    }
  };

  const pump = (): void => {
    clearTimeout(timer);
    if (!open) return;
    while (inFlight.size < options.workers) {
      const key = queue.take();
      if (key === undefined) break;
      const stop = new AbortController();
      // Asynchronous from the start, so that the entry below exists before the work can end.
      const done = Promise.resolve().then(() => work(key, stop));
      inFlight.set(key, { done, abort: (reason) => stop.abort(reason) });
    }
    const next = inFlight.size < options.workers ? queue.nextAt() : undefined;
    if (next !== undefined) timer = setTimeout(pump, Math.min(LONGEST_TIMER, Math.max(0, Math.ceil(next - now()))));
  };

  const drain = async (): Promise<void> => {
    const running = [...inFlight.values()];
    const bound = setTimeout(() => {
      for (const one of running) one.abort(new Error("The process is stopping."));
    }, options.drainMs);
    await Promise.all(running.map((one) => one.done));
    clearTimeout(bound);
  };

  return {
    enqueue: (key, afterMs = 0) => {
      queue.add(key, now() + afterMs);
      // The keys of one burst of events gather before the first of them is worked on.
      if (!open || gathering) return;
      gathering = true;
      setImmediate(() => {
        gathering = false;
        pump();
      });
    },
    run: async (signal) => {
      const stop = stopped(signal);
      await Promise.race([Promise.all(options.synced), stop]);
      if (signal.aborted) return;
      open = true;
      pump();
      await stop;
      open = false;
      clearTimeout(timer);
      await drain();
    },
  };
};
