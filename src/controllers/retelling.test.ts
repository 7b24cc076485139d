import { expect, test } from "vitest";
import type { Message } from "../runtime/outbox.ts";
import { createRetelling } from "./retelling.ts";

const standing = (key: string): readonly Message[] =>
  ["held", "overridden"].map((kind) => ({ id: `${key} ${kind}`, lane: key, kind, body: "" }));
const idsOf = (messages: Iterable<Message>): readonly string[] => [...messages].map(({ id }) => id);

test("namespaces take turns, and each update is told whole", () => {
  const { inTurn } = createRetelling(["big/1", "big/2", "big/3", "small/1"], standing);
  expect(idsOf(inTurn())).toEqual(
    ["big/1", "small/1", "big/2", "big/3"].flatMap((key) => [`${key} held`, `${key} overridden`]),
  );
});

test("what is said of an update before its turn tells it first, and it has no turn any more", () => {
  const { inTurn, now } = createRetelling(["raos/a", "raos/b"], standing);
  const turns = inTurn();
  expect(now("raos/b").map(({ kind }) => kind)).toEqual(["held", "overridden"]);
  expect(now("raos/b")).toEqual([]);
  expect(now("raos/later")).toEqual([]);
  expect(idsOf(turns)).toEqual(["raos/a held", "raos/a overridden"]);
});
