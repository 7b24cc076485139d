import { expect, test } from "vitest";
import { candidacy, claimed, expired, sighted, TERMS } from "./candidacy.ts";
import type { LeaseSpec } from "./candidacy.ts";

const held = (holderIdentity: string, more: LeaseSpec = {}): LeaseSpec => ({
  holderIdentity,
  leaseDurationSeconds: 15,
  leaseTransitions: 3,
  ...more,
});
const seenAt = (at: number, spec: LeaseSpec) => sighted(undefined, "1", spec, at);

test.each([
  ["no lease exists", undefined, 0, "acquire"],
  ["nobody holds it", seenAt(0, held("")), 1, "acquire"],
  ["we hold it", seenAt(0, held("me")), 60_000, "renew"],
  ["another holds it and its time is not over", seenAt(0, held("other")), 14_999, "wait"],
  ["another held it and its time is over", seenAt(0, held("other")), 15_000, "acquire"],
  [
    "another promised to be quiet for longer than we would",
    seenAt(0, held("other", { leaseDurationSeconds: 60 })),
    59_999,
    "wait",
  ],
  ["another's promise cannot be read", seenAt(0, { holderIdentity: "other" }), 14_999, "wait"],
  [
    "the holder's clock is hours ahead",
    seenAt(0, held("other", { renewTime: "2099-01-01T00:00:00.000000Z" })),
    15_000,
    "acquire",
  ],
] as const)("%s", (_situation, seen, now, move) => {
  expect(candidacy("me", seen, now, TERMS)).toBe(move);
});

test("a holder that renews restarts its time, one that is merely seen again does not", () => {
  const first = sighted(undefined, "7", held("other"), 1000);
  expect(sighted(first, "7", held("other"), 9000).at).toBe(1000);
  expect(sighted(first, "8", held("other"), 9000).at).toBe(9000);
});

test("a take-over counts as a transition and has a new beginning; a renewal keeps both", () => {
  const old = seenAt(0, held("other", { acquireTime: "then" }));
  expect(claimed("me", old, TERMS, "now")).toEqual({
    holderIdentity: "me",
    leaseDurationSeconds: 15,
    acquireTime: "now",
    renewTime: "now",
    leaseTransitions: 4,
  });
  const mine = seenAt(0, held("me", { acquireTime: "then" }));
  expect(claimed("me", mine, TERMS, "now")).toMatchObject({
    acquireTime: "then",
    renewTime: "now",
    leaseTransitions: 3,
  });
  expect(claimed("me", undefined, TERMS, "now").leaseTransitions).toBe(0);
});

test("a leader stops well before another may begin", () => {
  expect(expired(0, 9_999, TERMS)).toBe(false);
  expect(expired(0, 10_000, TERMS)).toBe(true);
  expect(candidacy("other", seenAt(0, held("me")), 10_000, TERMS)).toBe("wait");
});
