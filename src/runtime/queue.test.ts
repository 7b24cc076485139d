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

const groupOf = (key: string): string => key.split("/")[0] ?? "";
const shared = (workers: number, mostPerGroup: number) => {
  const clock = { at: 0 };
  const queue = createQueue({ now: () => clock.at, random: () => 1 }, { groupOf, workers, mostPerGroup });
  /** What is worked on at once, when nothing ends. */
  const takeAll = (): readonly string[] => {
    const taken: string[] = [];
    for (let key = queue.take(); key !== undefined && taken.length < workers; key = queue.take()) taken.push(key);
    return taken;
  };
  const addAll = (group: string, count: number): void => {
    for (let n = 0; n < count; n += 1) queue.add(`${group}/${n}`);
  };
  return { clock, queue, takeAll, addAll };
};

test("groups take turns, and within each the key that has been due for longest comes first", () => {
  const { queue, takeAll } = shared(64, 8);
  for (const key of ["a/1", "a/2", "a/3", "b/1", "c/1", "b/2"]) queue.add(key);
  expect(takeAll()).toEqual(["a/1", "b/1", "c/1", "a/2", "b/2", "a/3"]);
});

test("a group that is alone has all workers but a quarter, and those are for the next one at once", () => {
  const { queue, takeAll, addAll } = shared(64, 8);
  addAll("a", 200);
  expect(takeAll()).toHaveLength(48);
  addAll("b", 200);
  expect(takeAll()).toEqual(Array.from({ length: 8 }, (_, n) => `b/${n}`));
  expect(queue.due()).toBe(344);
});

test("however much some groups hang: one that has nothing under way is worked on", () => {
  const { queue, takeAll, addAll } = shared(64, 8);
  for (const group of ["a", "b", "c", "d"]) addAll(group, 200);
  expect(takeAll()).toHaveLength(48);
  for (const group of ["e", "f", "g"]) addAll(group, 200);
  expect(takeAll()).toEqual(["e/0", "f/0", "g/0", "e/1", "f/1", "g/1", "e/2", "f/2"]);
  queue.add("late/1");
  expect(takeAll()).toEqual(["late/1"]);
});

test("a group without room says no time to come back at, keeps its turn, and is taken when one of it is done", () => {
  const { clock, queue, takeAll, addAll } = shared(8, 2);
  addAll("a", 9);
  expect(takeAll()).toHaveLength(6);
  expect(queue.nextAt()).toBeUndefined();
  expect(queue.due()).toBe(3);
  queue.add("b/1", 50);
  expect(queue.nextAt()).toBe(50);
  clock.at = 60;
  expect(queue.nextAt()).toBe(50);
  expect(takeAll()).toEqual(["b/1"]);
  queue.done("a/0");
  expect(takeAll()).toEqual([]);
  queue.done("b/1");
  expect(takeAll()).toEqual(["a/6"]);
});

test("a key that waits for the room of its group can be asked for again, and runs once", () => {
  const { queue, takeAll, addAll } = shared(4, 1);
  addAll("a", 4);
  expect(takeAll()).toEqual(["a/0", "a/1", "a/2"]);
  queue.add("a/3");
  queue.add("a/0");
  queue.done("a/0");
  expect(takeAll()).toEqual(["a/3"]);
  for (const key of ["a/1", "a/2", "a/3"]) queue.done(key);
  expect(takeAll()).toEqual(["a/0"]);
  expect(queue.waiting()).toBe(0);
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

test("whatever happens in whatever order between groups: nothing runs twice at once or early, none is beyond its share, and all is worked off", () => {
  let seed = 11;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  const { clock, queue } = shared(16, 2);
  const wanted = new Map<string, number>();
  const running = new Set<string>();
  const take = (): boolean => {
    const key = queue.take();
    if (key === undefined) return false;
    const own = [...running].filter((one) => groupOf(one) === groupOf(key)).length;
    expect(running.has(key)).toBe(false);
    expect(wanted.get(key)).toBeLessThanOrEqual(clock.at);
    expect(own === 0 || running.size < 12 || (own < 2 && running.size < 14)).toBe(true);
    wanted.delete(key);
    running.add(key);
    return true;
  };
  for (let step = 0; step < 20_000; step += 1) {
    clock.at += Math.floor(random() * 3);
    const key = `${"abcde".charAt(Math.floor(random() ** 3 * 5))}/${Math.floor(random() * 12)}`;
    const dice = random();
    if (dice < 0.45) {
      const at = clock.at + Math.floor(random() * 20);
      queue.add(key, at);
      wanted.set(key, Math.min(at, wanted.get(key) ?? Infinity));
    } else if (dice < 0.8 && running.size < 16) take();
    else if (running.delete(key)) queue.done(key);
    expect([queue.running(), queue.waiting()]).toEqual([running.size, wanted.size]);
  }
  clock.at += 20;
  while (wanted.size > 0 || running.size > 0) {
    while (running.size < 16 && take());
    const [one] = running;
    if (one === undefined) throw new Error(`${[...wanted.keys()].join(" ")} wait, and nothing runs`);
    running.delete(one);
    queue.done(one);
  }
});
