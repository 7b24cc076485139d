import { expect, test } from "vitest";
import { createOutbox, type Message, type Outbox, SENDERS, type Sent } from "./outbox.ts";
import { createQueue } from "./queue.ts";

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const groupOf = (lane: string): string => lane.split("/")[0] ?? "";
const clock = { now: () => performance.now(), random: () => 1 };
const message = (lane: string): Message => ({ id: lane, lane, kind: "told", body: "" });

/** An outbox whose receiver takes nothing before it is opened. */
const stage = (most: number) => {
  const gate = Promise.withResolvers<void>();
  const all = Promise.withResolvers<void>();
  const taken: string[] = [];
  const dropped: string[] = [];
  const asked: string[] = [];
  let wanted = Infinity;
  const send = async ({ id }: Message): Promise<Sent> => {
    asked.push(id);
    await gate.promise;
    taken.push(id);
    if (taken.length === wanted) all.resolve();
    return { state: "Taken" };
  };
  const stop = new AbortController();
  const outbox: Outbox = createOutbox({
    send,
    queue: createQueue(clock, { groupOf, workers: SENDERS, mostPerGroup: 1 }),
    ...clock,
    log: { ...silent, error: (fields) => void dropped.push((fields as { notification: string }).notification) },
    count: () => undefined,
    keepMs: 86_400_000,
    most,
    groupOf,
  });
  const running = outbox.run(stop.signal);
  return {
    outbox,
    taken,
    dropped,
    asked,
    untilTaken: async (count: number): Promise<void> => {
      wanted = count;
      gate.resolve();
      await all.promise;
      stop.abort();
      await running;
    },
  };
};

test("a group that floods loses its own oldest; those of others stay, and the flood keeps what room there is", async () => {
  const { outbox, taken, dropped, untilTaken } = stage(10);
  for (const lane of ["calm/1", "quiet/1", "quiet/2"]) outbox.put(message(lane));
  for (let n = 1; n <= 100; n += 1) outbox.put(message(`flood/${n}`));
  expect(dropped).toEqual(Array.from({ length: 93 }, (_, n) => `flood/${n + 1}`));
  await untilTaken(10);
  expect(taken.toSorted()).toEqual(
    ["calm/1", "quiet/1", "quiet/2", "flood/94", "flood/95", "flood/96", "flood/97"]
      .concat(["flood/98", "flood/99", "flood/100"])
      .toSorted(),
  );
});

test("of several that flood each keeps as much as the other", () => {
  const { outbox, dropped } = stage(10);
  for (let n = 1; n <= 50; n += 1) for (const group of ["a", "b"]) outbox.put(message(`${group}/${n}`));
  for (const group of ["a", "b"]) expect(dropped.filter((lane) => groupOf(lane) === group)).toHaveLength(45);
});

test("a group with hundreds on their way does not keep another's from being sent among the first", async () => {
  const { outbox, taken, untilTaken } = stage(1_000);
  for (let n = 1; n <= 300; n += 1) outbox.put(message(`flood/${n}`));
  outbox.put(message("calm/1"));
  await untilTaken(301);
  expect(taken.indexOf("calm/1")).toBeLessThan(SENDERS);
});

test("what can wait is taken in as room appears: all of it arrives, it pushes out nothing, and what is new has room", async () => {
  const { outbox, taken, dropped, untilTaken } = stage(10);
  const made: string[] = [];
  outbox.feed(
    (function* () {
      for (let n = 1; n <= 500; n += 1) {
        made.push(`old/${n}`);
        yield message(`old/${n}`);
      }
    })(),
  );
  expect(outbox.pending()).toBe(5);
  expect(made).toHaveLength(5);
  for (let n = 1; n <= 5; n += 1) outbox.put(message(`new/${n}`));
  await untilTaken(505);
  expect(dropped).toEqual([]);
  expect(new Set(taken).size).toBe(505);
  expect(taken.filter((lane) => lane.startsWith("old/"))).toEqual(made);
});
