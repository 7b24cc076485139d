import { expect, test } from "vitest";
import type { SeenPolicies } from "../core/observed.ts";
import { createGateMemory } from "./gate-memory.ts";

const texts = (generation: number) => ({ state: "AsWritten", identity: { generation }, stamps: "ApiServer" }) as const;
const proof = (generation: number): SeenPolicies => ({
  state: "InForce",
  identity: { generation },
  stamps: "ApiServer",
});
const accepted: SeenPolicies = {
  state: "NotInForce",
  reason: "NotEnforced",
  message: "the operator itself may approve",
};
const missing = { state: "NotInForce", reason: "Missing", message: "gone" } as const;

test("a forgery that one namespace accepts shuts the gate there and nowhere else", () => {
  const memory = createGateMemory();
  memory.learnTexts(1, texts(1));
  memory.learnProof(2, "open", accepted);
  memory.learnProof(3, "guarded", proof(1));
  expect([memory.known("open"), memory.known("guarded"), memory.known("new")]).toEqual([
    accepted,
    proof(1),
    { state: "NotAsked" },
  ]);
});

test("policies that are gone shut every gate, and under another identity each is proven anew", () => {
  const memory = createGateMemory();
  memory.learnTexts(1, texts(1));
  memory.learnProof(1, "guarded", proof(1));
  memory.learnTexts(2, missing);
  expect([memory.known("guarded"), memory.known("new")]).toEqual([missing, missing]);
  memory.learnTexts(3, texts(2));
  expect(memory.known("guarded")).toEqual({ state: "NotAsked" });
  memory.learnProof(3, "guarded", proof(2));
  expect(memory.known("guarded")).toEqual(proof(2));
});

test("an answer that took long does not undo a later one", () => {
  const memory = createGateMemory();
  memory.learnTexts(2, missing);
  memory.learnTexts(1, texts(1));
  memory.learnProof(2, "guarded", accepted);
  memory.learnProof(1, "guarded", proof(1));
  expect(memory.known("guarded")).toEqual(missing);
  memory.learnTexts(3, texts(1));
  expect(memory.known("guarded")).toEqual(accepted);
});
