import { describe, expect, it } from "vitest";
import { openLoop } from "./load.ts";
import { ascending, quantile } from "./quantile.ts";

/** Time that moves only when everybody waits: the nearest waiter is next. */
const virtualTime = () => {
  let now = 0;
  const waiting: { readonly at: number; readonly wake: () => void }[] = [];
  const pause = (ms: number): Promise<void> => new Promise((wake) => void waiting.push({ at: now + ms, wake }));
  const run = async <T>(work: Promise<T>): Promise<T> => {
    const end = { come: false };
    const watched = work.finally(() => (end.come = true));
    while (!end.come) {
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      waiting.sort((a, b) => a.at - b.at);
      const next = waiting.shift();
      if (next === undefined) continue;
      now = Math.max(now, next.at);
      next.wake();
    }
    return watched;
  };
  return { world: { monotonic: () => now, pause, signal: new AbortController().signal }, run, now: () => now };
};

describe("open-loop load", () => {
  it("charges a stall of one second to everyone who came during it", async () => {
    const time = virtualTime();
    // The server answers in 2 ms, and stands still from second 1 to second 2.
    const fire = async () => {
      const at = time.now();
      await time.world.pause(at >= 1000 && at < 2000 ? 2000 - at + 2 : 2);
      return { ok: true, why: "" };
    };
    const samples = await time.run(openLoop({ perSecond: 100, count: 400 }, fire, time.world));
    const sorted = ascending(samples.map(({ latencyMs }) => latencyMs));
    expect(samples).toHaveLength(400);
    expect(sorted.filter((latency) => latency > 100)).toHaveLength(91);
    expect(quantile(sorted, 0.5)).toBe(2);
    expect(quantile(sorted, 0.95)).toBeCloseTo(802, 0);
    expect(quantile(sorted, 0.99)).toBeCloseTo(962, -1);
  });

  it("counts from when a request should have started, also when the runner was late itself", async () => {
    const time = virtualTime();
    let woken = 0;
    // The runner's timer oversleeps once by 300 ms.
    const pause = (ms: number) => time.world.pause(woken++ === 5 ? ms + 300 : ms);
    const samples = await time.run(
      openLoop({ perSecond: 10, count: 20 }, async () => ({ ok: true, why: "" }), { ...time.world, pause }),
    );
    expect(samples.map(({ lagMs }) => Math.round(lagMs)).filter((lag) => lag > 0)).toEqual([300, 200, 100]);
    expect(samples.filter(({ latencyMs }) => latencyMs >= 99)).toHaveLength(3);
  });

  it("never measures less than nothing, when a timer wakes early", async () => {
    const time = virtualTime();
    const pause = (ms: number) => time.world.pause(Math.max(0, ms - 1));
    const samples = await time.run(
      openLoop({ perSecond: 10, count: 5 }, async () => ({ ok: true, why: "" }), { ...time.world, pause }),
    );
    expect(samples.map(({ latencyMs, lagMs }) => [latencyMs, lagMs])).toEqual(Array.from({ length: 5 }, () => [0, 0]));
  });

  it("keeps its rate while the server answers nobody", async () => {
    const time = virtualTime();
    const started: number[] = [];
    const fire = async () => {
      started.push(time.now());
      await time.world.pause(10_000);
      return { ok: false, why: "late" };
    };
    await time.run(openLoop({ perSecond: 50, count: 100 }, fire, time.world));
    expect(started.at(-1)).toBeCloseTo(1980, 5);
  });
});
