import { expect, test } from "vitest";
import { ApiError } from "../kube/errors.ts";
import { createController } from "./controller.ts";
import type { ControllerOptions } from "./controller.ts";
import type { Failure } from "./failure.ts";
import { classify } from "./failure.ts";
import { again, WAIT } from "./outcome.ts";
import { createQueue } from "./queue.ts";

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const now = () => performance.now();
const setUp = (options: Pick<ControllerOptions, "reconcile"> & Partial<ControllerOptions>) => {
  const queue = createQueue({ now, random: () => 0 });
  const stop = new AbortController();
  const controller = createController({
    name: "test",
    queue,
    now,
    workers: 2,
    deadlineMs: 5000,
    drainMs: 5000,
    synced: [],
    log: silent,
    ...options,
  });
  const end = controller.run(stop.signal);
  return {
    controller,
    queue,
    stop: async () => {
      stop.abort();
      await end;
    },
    abort: () => stop.abort(),
    end,
  };
};
const api = (status: number, reason = "X", retryAfterMs?: number) =>
  new ApiError({ status, reason, message: "m", ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

test("nothing runs before every store is filled", async () => {
  const ran: string[] = [];
  const filled = Promise.withResolvers<void>();
  const first = Promise.withResolvers<void>();
  const { controller, stop } = setUp({
    synced: [Promise.resolve(), filled.promise],
    reconcile: (key) => {
      ran.push(key);
      first.resolve();
      return Promise.resolve(WAIT);
    },
  });
  controller.enqueue("a");
  await new Promise((done) => {
    setImmediate(done);
  });
  expect(ran).toEqual([]);
  filled.resolve();
  await first.promise;
  expect(ran).toEqual(["a"]);
  await stop();
});

test("a key never runs twice at once, other keys run beside it up to the number of workers", async () => {
  let most = 0;
  const running: string[] = [];
  const twice: string[] = [];
  let left = 40;
  const done = Promise.withResolvers<void>();
  const { controller, stop } = setUp({
    reconcile: async (key) => {
      if (running.includes(key)) twice.push(key);
      running.push(key);
      most = Math.max(most, running.length);
      await new Promise((next) => {
        setImmediate(next);
      });
      running.splice(running.indexOf(key), 1);
      left -= 1;
      if (left <= 0) done.resolve();
      else controller.enqueue(`k${left % 5}`);
      return WAIT;
    },
  });
  for (const key of ["k0", "k1", "k2", "k0"]) controller.enqueue(key);
  await done.promise;
  await stop();
  expect(twice).toEqual([]);
  expect(most).toBe(2);
});

test("however many keys of one group hang, a key of another group is worked on beside them", async () => {
  const done = Promise.withResolvers<void>();
  const { controller, stop } = setUp({
    workers: 8,
    drainMs: 0,
    queue: createQueue({ now, random: () => 0 }, { groupOf: (key) => key.charAt(0), workers: 8, mostPerGroup: 2 }),
    reconcile: (key, signal) => {
      if (key === "b") {
        done.resolve();
        return Promise.resolve(WAIT);
      }
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(new Error("it hung")), { once: true });
        // It comes last, when all that may hang does.
        if (key === "a5") controller.enqueue("b");
      });
    },
  });
  for (let n = 0; n < 20; n += 1) controller.enqueue(`a${n}`);
  await done.promise;
  await stop();
});

test("an outcome with a time comes back by itself, a failure too", async () => {
  const results = [
    () => Promise.resolve(again(1)),
    () => Promise.reject(api(409, "Conflict")),
    () => Promise.resolve(WAIT),
  ];
  const done = Promise.withResolvers<void>();
  let runs = 0;
  const { controller, queue, stop } = setUp({
    reconcile: () => {
      const next = results[runs] ?? (() => Promise.resolve(WAIT));
      runs += 1;
      if (runs === 3) done.resolve();
      return next();
    },
  });
  controller.enqueue("a");
  await done.promise;
  await stop();
  expect(runs).toBe(3);
  expect(queue.failures("a")).toBe(0);
});

test("a reconcile that throws at once does not stop the others", async () => {
  const told: string[] = [];
  const done = Promise.withResolvers<void>();
  const { controller, stop } = setUp({
    workers: 1,
    reconcile: (key) => {
      if (key === "bad") throw new TypeError("bug");
      done.resolve();
      return Promise.resolve(WAIT);
    },
    onFailure: (key, failure, error, count) => {
      told.push(`${key} ${failure} ${error.message} ${count}`);
      return Promise.resolve();
    },
  });
  controller.enqueue("bad");
  controller.enqueue("good");
  await done.promise;
  await stop();
  expect(told).toEqual(["bad Error bug 1"]);
});

test("a failure of another kind than those before is counted from one, and logged", async () => {
  const told: string[] = [];
  const logged: string[] = [];
  const done = Promise.withResolvers<void>();
  const failures: unknown[] = [new TypeError("bug"), api(409, "Conflict"), api(403)];
  const { controller, stop } = setUp({
    log: {
      ...silent,
      warn: (_fields, text) => void logged.push(text),
      error: (_fields, text) => void logged.push(text),
    },
    reconcile: () => Promise.reject(failures.shift()),
    onFailure: (key, failure, _error, count) => {
      told.push(`${failure} ${count}`);
      if (failure === "Forbidden") done.resolve();
      else controller.enqueue(key);
      return Promise.resolve();
    },
  });
  controller.enqueue("a");
  await done.promise;
  await stop();
  expect(told).toEqual(["Error 1", "Forbidden 1"]);
  expect(logged).toEqual(["A reconcile failed.", "The API server refuses a request."]);
});

test("a reconcile past its deadline is aborted and counted as a failure", async () => {
  const told = Promise.withResolvers<string>();
  const { controller, stop } = setUp({
    deadlineMs: 20,
    reconcile: (_key, signal) =>
      new Promise((_done, fail) => {
        signal.addEventListener("abort", () => fail(new Error("aborted")), { once: true });
      }),
    onFailure: (_key, _failure, error) => {
      told.resolve(error.message);
      return Promise.resolve();
    },
  });
  controller.enqueue("a");
  expect(await told.promise).toBe("The reconcile of a took longer than 20 ms.");
  await stop();
});

test("a stop lets what runs come to its end and begins nothing new", async () => {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const log: string[] = [];
  const { controller, abort, end } = setUp({
    workers: 1,
    reconcile: async (key) => {
      log.push(`${key} begins`);
      begun.resolve();
      await gate.promise;
      log.push(`${key} ends`);
      return WAIT;
    },
  });
  controller.enqueue("a");
  controller.enqueue("b");
  await begun.promise;
  const ended = end.then(() => log.push("stopped"));
  abort();
  await new Promise((done) => {
    setImmediate(done);
  });
  gate.resolve();
  await ended;
  expect(log).toEqual(["a begins", "a ends", "stopped"]);
});

test("a stop that waited long enough aborts what still runs", async () => {
  const begun = Promise.withResolvers<void>();
  const { controller, abort, end } = setUp({
    drainMs: 10,
    deadlineMs: 600_000,
    reconcile: (_key, signal) => {
      begun.resolve();
      return new Promise((_done, fail) => {
        signal.addEventListener("abort", () => fail(new Error("aborted")), { once: true });
      });
    },
  });
  controller.enqueue("a");
  await begun.promise;
  abort();
  await end;
});

test.each<[string, unknown, number, Failure["kind"], number]>([
  ["a conflict", api(409, "Conflict"), 0, "Stale", 100],
  ["an object that is gone", api(404, "NotFound"), 0, "Stale", 100],
  ["a conflict again and again", api(409, "Conflict"), 5, "Error", 500],
  ["429 with a wait", api(429, "TooManyRequests", 3000), 0, "Throttled", 6000],
  ["503 without a wait", api(503, "ServiceUnavailable"), 0, "Throttled", 500],
  ["a missing right", api(403, "Forbidden"), 0, "Forbidden", 10_000],
  ["a refused request", api(422, "Invalid"), 0, "Invalid", 10_000],
  ["a bad request", api(400, "BadRequest"), 0, "Invalid", 10_000],
  ["no reply", api(0, "Unreachable"), 0, "Error", 500],
  ["a bug", new TypeError("x"), 0, "Error", 500],
])("%s is classed, with its first longest delay", (_situation, error, before, kind, firstMs) => {
  expect(classify(error, before)).toMatchObject({ kind, backoff: { firstMs } });
});
