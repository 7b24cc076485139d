import { Counter, Gauge, Histogram } from "@prometheus-io/client";
import type { Metrics } from "./metrics.ts";
import type { Queue } from "./queue.ts";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Measures queues: the same queue comes back, and what happens to it is counted under the name of its controller. */
export function queueMetrics(
  metrics: Metrics,
  prefix: string,
): (controller: string, queue: Queue, now: () => number) => Queue {
  const registers = [metrics];
  const labelNames = ["controller"] as const;
  const queues = new Map<string, Queue>();
  const gauge = (name: string, help: string, read: (queue: Queue) => number): Gauge<"controller"> =>
    new Gauge({
      name: `${prefix}_queue_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        for (const [controller, queue] of queues) this.set({ controller }, read(queue));
      },
    });
  gauge("depth", "Keys that are due and wait for a worker.", (queue) => queue.due());
  gauge(
    "scheduled",
    "Keys that are due later, or again after the work on them.",
    (queue) => queue.waiting() - queue.due(),
  );
  gauge("running", "Keys that are worked on.", (queue) => queue.running());
  const adds = new Counter({
    name: `${prefix}_queue_adds_total`,
    help: "Keys put into the queue; what waited already is not put in again.",
    labelNames,
    registers,
  });
  const retries = new Counter({
    name: `${prefix}_queue_retries_total`,
    help: "Keys put back because the work on them failed, lost races included.",
    labelNames,
    registers,
  });
  const waited = new Histogram({
    name: `${prefix}_queue_wait_seconds`,
    help: "How long a key that was due waited for a worker.",
    labelNames,
    buckets: SECONDS,
    registers,
  });
  const worked = new Histogram({
    name: `${prefix}_queue_work_seconds`,
    help: "How long the work on a key took.",
    labelNames,
    buckets: SECONDS,
    registers,
  });
  return (controller, queue, now) => {
    const labels = { controller };
    const begun = new Map<string, number>();
    queues.set(controller, queue);
    adds.inc(labels, 0);
    retries.inc(labels, 0);
    return {
      ...queue,
      add: (key, at) => {
        const before = queue.waiting();
        queue.add(key, at);
        if (queue.waiting() > before) adds.inc(labels);
      },
      take: () => {
        const due = queue.nextAt();
        const key = queue.take();
        if (key === undefined) return undefined;
        begun.set(key, now());
        waited.observe(labels, Math.max(0, now() - (due ?? now())) / 1000);
        return key;
      },
      failed: (key, backoff) => {
        retries.inc(labels);
        return queue.failed(key, backoff);
      },
      done: (key) => {
        const since = begun.get(key);
        begun.delete(key);
        if (since !== undefined) worked.observe(labels, (now() - since) / 1000);
        queue.done(key);
      },
    };
  };
}
