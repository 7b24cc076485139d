import { expect, test } from "vitest";
import { createAsking } from "./asking.ts";

const { signal } = new AbortController();
const scene = () => {
  const sent: PromiseWithResolvers<string>[] = [];
  let time = 0;
  const asking = createAsking<string>({
    isSilence: (answer) => answer === "...",
    quietMs: 10,
    now: () => time,
    stop: signal,
  });
  const question = (): Promise<string> => {
    const answer = Promise.withResolvers<string>();
    sent.push(answer);
    return answer.promise;
  };
  return {
    sent,
    pass: (ms: number) => {
      time += ms;
    },
    ask: (id = "a", by = signal) => asking.ask(id, question, by),
    unlessSilent: (id = "a") => asking.askUnlessSilent(id, question, signal),
    /** Until the promises that can go on have gone on. */
    settle: () =>
      new Promise((done) => {
        setImmediate(done);
      }),
  };
};

test("fourteen who wait for one that hangs send one question, and all hear the silence", async () => {
  const { sent, unlessSilent, settle } = scene();
  const all = Array.from({ length: 14 }, () => unlessSilent());
  await settle();
  sent[0]?.resolve("...");
  expect(new Set(await Promise.all(all))).toEqual(new Set(["..."]));
  expect(sent).toHaveLength(1);
});

test("one that was silent is left alone until its time is over, and asked at once by who must know", async () => {
  const { sent, ask, unlessSilent, settle, pass } = scene();
  const first = unlessSilent();
  await settle();
  sent[0]?.resolve("...");
  await first;
  pass(9);
  expect(await unlessSilent()).toBe("...");
  expect(sent).toHaveLength(1);
  pass(1);
  const second = unlessSilent();
  await settle();
  sent[1]?.resolve("...");
  await second;
  const known = ask();
  await settle();
  sent[2]?.resolve("here");
  expect(await known).toBe("here");
  const after = unlessSilent();
  await settle();
  expect(sent).toHaveLength(4);
  sent[3]?.resolve("here still");
  expect(await after).toBe("here still");
});

test("an answer counts for nobody who asked after its question was sent", async () => {
  const { sent, ask, settle } = scene();
  const early = ask();
  await settle();
  const late = [ask(), ask()];
  sent[0]?.resolve("old");
  expect(await early).toBe("old");
  await settle();
  expect(sent).toHaveLength(2);
  sent[1]?.resolve("new");
  expect(await Promise.all(late)).toEqual(["new", "new"]);
});

test("one who gives up takes the answer from nobody else", async () => {
  const { sent, ask, settle } = scene();
  const stop = new AbortController();
  const gone = ask("a", stop.signal);
  await settle();
  const stays = ask();
  stop.abort(new Error("given up"));
  await expect(gone).rejects.toThrow("given up");
  sent[0]?.resolve("old");
  await settle();
  sent[1]?.resolve("new");
  expect(await stays).toBe("new");
});

test("a question that fails is asked again by the next one, and others are not kept waiting", async () => {
  const { sent, ask, settle } = scene();
  const first = ask();
  const other = ask("b");
  await settle();
  const second = ask();
  sent[0]?.reject(new Error("no secret"));
  await expect(first).rejects.toThrow("no secret");
  sent[1]?.resolve("b");
  expect(await other).toBe("b");
  await settle();
  sent[2]?.resolve("a");
  expect(await second).toBe("a");
});
