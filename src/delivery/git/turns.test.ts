import { expect, test } from "vitest";
import { createTurns } from "./turns.ts";

const never = new AbortController().signal;

test("deliveries go before looks, and each in the order they came", async () => {
  const turns = createTurns();
  const done: string[] = [];
  const gate = Promise.withResolvers<void>();
  const take = (name: string, isLook: boolean) =>
    turns.take("a", async () => void done.push(name), { signal: never, isLook });
  const first = turns.take("a", () => gate.promise, { signal: never });
  const all = [take("look 1", true), take("delivery 1", false), take("look 2", true), take("delivery 2", false)];
  await turns.take("b", async () => void done.push("elsewhere"), { signal: never });
  gate.resolve();
  await Promise.all([first, ...all]);
  expect(done).toEqual(["elsewhere", "delivery 1", "delivery 2", "look 1", "look 2"]);
  expect(turns.isIdle("a")).toBe(true);
});

test("who stops waiting leaves at once, and one that fails holds nobody up", async () => {
  const turns = createTurns();
  const gate = Promise.withResolvers<void>();
  const stop = new AbortController();
  const first = turns.take("a", () => gate.promise, { signal: never });
  const waiting = turns.take("a", () => Promise.reject(new Error("was run")), { signal: stop.signal });
  const last = turns.take("a", () => Promise.resolve("done"), { signal: never });
  stop.abort(new Error("stopped"));
  await expect(waiting).rejects.toThrow("stopped");
  await expect(turns.take("a", () => Promise.resolve(), { signal: stop.signal })).rejects.toThrow("stopped");
  expect(turns.isIdle("a")).toBe(false);
  gate.reject(new Error("broken"));
  await expect(first).rejects.toThrow("broken");
  expect(await last).toBe("done");
  expect(turns.isIdle("a")).toBe(true);
});
