import { expect, test } from "vitest";
import { createQueue } from "./queue.ts";

const BACKOFF = { firstMs: 100, capMs: 1000 } as const;
const setUp = () => {
  const clock = { at: 0 };
  const queue = createQueue({ now: () => clock.at, random: () => 1 });
  return { clock, queue };
};

test("a key that is added three times runs once", () => {
  const { queue } = setUp();
  for (const at of [0, 0, 5]) queue.add("a", at);
  expect(queue.take()).toBe("a");
  queue.done("a");
  expect(queue.take()).toBeUndefined();
});

test("the earlier of two times wins, in either order", () => {
  const { clock, queue } = setUp();
  queue.add("a", 100);
  queue.add("a", 50);
  queue.add("b", 50);
  queue.add("b", 100);
  expect(queue.nextAt()).toBe(50);
  clock.at = 50;
  expect([queue.take(), queue.take(), queue.take()]).toEqual(["a", "b", undefined]);
});

test("nothing is given out before its time", () => {
  const { clock, queue } = setUp();
  queue.add("a", 10);
  clock.at = 9;
  expect(queue.take()).toBeUndefined();
  clock.at = 10;
  expect(queue.take()).toBe("a");
});

test("a key added while it runs is not given out twice at once, and not lost", () => {
  const { queue } = setUp();
  queue.add("a");
  expect(queue.take()).toBe("a");
  queue.add("a");
  expect(queue.take()).toBeUndefined();
  queue.done("a");
  expect(queue.take()).toBe("a");
});

test("an event during a run is looked at after it, although the run asked for a later time", () => {
  const { queue } = setUp();
  queue.add("a");
  queue.take();
  queue.add("a");
  queue.add("a", 5000);
  queue.done("a");
  expect(queue.take()).toBe("a");
});

test("keys run in the order in which they became due", () => {
  const { queue } = setUp();
  for (const key of ["c", "a", "b"]) queue.add(key);
  expect([queue.take(), queue.take(), queue.take()]).toEqual(["c", "a", "b"]);
});

test("each failure in a row doubles the delay up to the cap; a success makes the next one the first", () => {
  const { queue } = setUp();
  const delays = Array.from({ length: 6 }, () => queue.failed("a", BACKOFF));
  expect(delays).toEqual([100, 200, 400, 800, 1000, 1000]);
  queue.forget("a");
  expect(queue.failed("a", BACKOFF)).toBe(100);
});

test("an event overtakes the backoff", () => {
  const { queue } = setUp();
  queue.add("a");
  queue.take();
  queue.failed("a", BACKOFF);
  queue.add("a");
  queue.done("a");
  expect(queue.take()).toBe("a");
});

test("whatever happens in whatever order: nothing runs twice at once, early, or never", () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  const { clock, queue } = setUp();
  const wanted = new Map<string, number>();
  const running = new Set<string>();
  for (let step = 0; step < 20_000; step += 1) {
    clock.at += Math.floor(random() * 3);
    const key = `k${Math.floor(random() * 40)}`;
    const dice = random();
    if (dice < 0.5) {
      const at = clock.at + Math.floor(random() * 50);
      queue.add(key, at);
      wanted.set(key, Math.min(at, wanted.get(key) ?? Infinity));
    } else if (dice < 0.8) {
      const taken = queue.take();
      const due = [...wanted].filter(([key, at]) => at <= clock.at && !running.has(key));
      if (taken === undefined) expect(due).toEqual([]);
      else {
        expect(running.has(taken)).toBe(false);
        expect(wanted.get(taken)).toBe(Math.min(...due.map(([, at]) => at)));
        wanted.delete(taken);
        running.add(taken);
      }
    } else if (running.delete(key)) queue.done(key);
    expect(queue.running()).toBe(running.size);
    expect(queue.waiting()).toBe(wanted.size);
  }
});
