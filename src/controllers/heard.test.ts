import { expect, test } from "vitest";
import { forgetAgents, hear, heardOf, NOTHING_HEARD } from "./heard.ts";

const silence = { state: "NotAnswered", reason: "Unreachable", message: "no" } as const;

test("words about one target stay with it, and the later one counts", () => {
  const first = hear(NOTHING_HEARD, [
    { target: "a", agent: silence },
    { target: "a", key: "a.default.main.1", order: { state: "NotFound" } },
    { target: "b", key: "b.default.main.1", order: silence },
  ]);
  expect(heardOf(first, "a")).toEqual({ agent: silence, orders: { "a.default.main.1": { state: "NotFound" } } });
  expect(heardOf(first, "b")).toEqual({ agent: { state: "NotAsked" }, orders: { "b.default.main.1": silence } });
  const second = hear(first, [
    { target: "a", agent: { state: "NotAsked" } },
    { target: "a", key: "a.default.main.1", order: silence },
  ]);
  expect(heardOf(second, "a")).toEqual({ agent: { state: "NotAsked" }, orders: { "a.default.main.1": silence } });
  expect(heardOf(first, "a").agent).toEqual(silence);
});

test("what agents said is forgotten by itself: answers about orders stay, for an order does not go back", () => {
  const heard = hear(NOTHING_HEARD, [
    { target: "a", agent: silence },
    { target: "a", key: "a.default.main.1", order: { state: "NotFound" } },
  ]);
  expect(heardOf(forgetAgents(heard), "a")).toEqual({
    agent: { state: "NotAsked" },
    orders: { "a.default.main.1": { state: "NotFound" } },
  });
  expect(heardOf(heard, "a").agent).toEqual(silence);
});
