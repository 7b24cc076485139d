import { expect, test } from "vitest";
import type { Effect } from "../core/decision.ts";
import { inOrder } from "./effects.ts";

const effects = (...kinds: readonly Effect["do"][]) => kinds.map((kind) => ({ do: kind }));
const groups = (...kinds: readonly Effect["do"][]) =>
  inOrder(effects(...kinds)).map((group) => group.map((effect) => effect.do).join("+"));

test("claims, orders and Jobs of several targets go together", () => {
  expect(groups("claim", "claim", "claim")).toEqual(["claim+claim+claim"]);
  expect(groups("release", "releaseJob", "startJob", "deliver")).toEqual(["release+releaseJob+startJob+deliver"]);
});

test("a record is written by itself: what is before it is done, and nothing after it has begun", () => {
  expect(groups("record", "release", "releaseJob", "record", "record", "claim")).toEqual([
    "record",
    "release+releaseJob",
    "record",
    "record",
    "claim",
  ]);
});
