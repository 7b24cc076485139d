import { Registry } from "@prometheus-io/client";
import { expect, test } from "vitest";
import { createQueue } from "./queue.ts";
import { queueMetrics } from "./queue-metrics.ts";

const stage = () => {
  let time = 0;
  const clock = { now: () => time, random: () => 0.5 };
  const metrics = new Registry();
  const queue = queueMetrics(metrics, "x")("things", createQueue(clock), clock.now);
  return {
    queue,
    pass: (ms: number) => {
      time += ms;
    },
    line: async (name: string): Promise<string | undefined> =>
      (await metrics.metrics())
        .split("\n")
        .find((line) => line.startsWith(`${name}{controller="things"`))
        ?.replace(/^.* /, ""),
  };
};

test("what is due is the depth; what is due later is scheduled; what is replaced by an earlier time counts once", async () => {
  const { queue, pass, line } = stage();
  queue.add("a");
  queue.add("b", 1000);
  queue.add("c", 2000);
  queue.add("c", 0);
  queue.add("a");
  expect([await line("x_queue_depth"), await line("x_queue_scheduled")]).toEqual(["2", "1"]);
  expect(await line("x_queue_adds_total")).toBe("3");
  pass(1000);
  expect([await line("x_queue_depth"), await line("x_queue_scheduled")]).toEqual(["3", "0"]);
});

test("what is added while it runs waits for that, and is counted once", async () => {
  const { queue, line } = stage();
  queue.add("a");
  queue.take();
  queue.add("a");
  queue.add("a");
  expect([await line("x_queue_running"), await line("x_queue_depth"), await line("x_queue_scheduled")]).toEqual([
    "1",
    "0",
    "1",
  ]);
  queue.done("a");
  expect([await line("x_queue_running"), await line("x_queue_depth")]).toEqual(["0", "1"]);
  expect(await line("x_queue_adds_total")).toBe("2");
});

test("how long a key waited once it was due, and how long the work took, are measured apart; a retry is one", async () => {
  const { queue, pass, line } = stage();
  queue.add("a", 5_000);
  pass(7_000);
  expect(queue.take()).toBe("a");
  pass(30_000);
  queue.failed("a", { firstMs: 100, capMs: 100 });
  queue.done("a");
  expect(await line("x_queue_wait_seconds_sum")).toBe("2");
  expect(await line("x_queue_work_seconds_sum")).toBe("30");
  expect([await line("x_queue_work_seconds_count"), await line("x_queue_retries_total")]).toEqual(["1", "1"]);
});
