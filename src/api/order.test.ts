import { describe, expect, it } from "vitest";
import { AgentStatus, OrderClaims, orderKey, parseOrderKey, Refusal } from "./order.ts";
import { AppState } from "./target.ts";

const at = "2030-01-01T00:00:00.000Z";
const claims = (sequence: number) => ({
  aud: "shop/ra-01",
  key: orderKey({ targetUid: "u-1", app: "default", layer: "main", sequence }),
  deployment: "d-1",
  app: "default",
  layer: "main",
  version: "9.4.2",
  url: "https://alpha.example/a.tgz",
  sha256: "a".repeat(64),
  sequence,
  action: "deliver",
  snapshot: "x-000001",
  nbf: 1,
  exp: 2,
});
const status = (sequence: number) => ({
  agent: { name: "shop/ra-01", version: "0.1.0" },
  at,
  apps: [],
  activations: [],
  seen: [{ app: "default", layer: "main", sequence, key: "k", state: "Applied" }],
});
const running = (sequence: number) => ({
  ...status(1),
  apps: [
    {
      app: "default",
      layer: "main",
      sequence,
      version: "9.4.2",
      digest: "a".repeat(64),
      key: "k",
      since: at,
      modules: [],
      health: { ok: true, message: "", at },
    },
  ],
});

describe("a sequence", () => {
  it.each([1, 1_999_999_999])("that an agent has seen may be %d", (sequence) => {
    expect(AgentStatus.safeParse(status(sequence)).success).toBe(true);
    expect(AgentStatus.safeParse(running(sequence)).success).toBe(true);
    expect(AppState.safeParse({ app: "default", sequence: sequence + 1 }).success).toBe(true);
  });

  it.each([0, 1.5, 2_000_000_000, 9_000_000_000_000_000])(
    "that an agent has seen is no %d: no claim could follow it",
    (sequence) => {
      expect(AgentStatus.safeParse(status(sequence)).success).toBe(false);
      expect(AgentStatus.safeParse(running(sequence)).success).toBe(false);
    },
  );

  it("of an order ends where that of a claim ends", () => {
    expect(OrderClaims.safeParse(claims(2_000_000_000)).success).toBe(true);
    expect(OrderClaims.safeParse(claims(2_000_000_001)).success).toBe(false);
    expect(parseOrderKey(claims(20_000_000_000).key)).toBeUndefined();
  });

  it("in a refusal likewise", () => {
    expect(Refusal.safeParse({ reason: "SequenceTooLow", message: "Too low.", sequence: 9e15 }).success).toBe(false);
  });
});
