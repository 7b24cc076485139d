import { expect, test } from "vitest";
import { allOf, atMost } from "./at-most.ts";

test("never more than the limit at once, all of them in the end, in the order of the items", async () => {
  let now = 0;
  let most = 0;
  const results = await atMost(3, [5, 4, 3, 2, 1, 0], async (turns) => {
    now += 1;
    most = Math.max(most, now);
    for (let turn = 0; turn < turns; turn += 1)
      await new Promise((done) => {
        setImmediate(done);
      });
    now -= 1;
    return turns * 10;
  });
  expect(most).toBe(3);
  expect(allOf(results)).toEqual([50, 40, 30, 20, 10, 0]);
});

test("one that fails keeps no other from being done; the first failure is the one that is thrown", async () => {
  const done: number[] = [];
  const results = await atMost(1, [1, 2, 3, 4], (item) => {
    if (item === 2 || item === 3) throw new Error(`no ${item}`);
    done.push(item);
    return Promise.resolve(item);
  });
  expect(done).toEqual([1, 4]);
  expect(() => allOf(results)).toThrow("no 2");
});

test("nothing to do is done", async () => {
  expect(await atMost(3, [], () => Promise.reject(new Error("no")))).toEqual([]);
});
