import { describe, expect, it } from "vitest";
import { MAX_DOCUMENT_BYTES, parseCheckDocument } from "../api/check-run.ts";
import { documentOf } from "./document.ts";
import type { Report } from "./ledger.ts";

const at = new Date("2026-11-20T10:00:00Z");
const report = (more: Partial<Report>): Report => ({
  verdict: "Failed",
  message: "It is broken.",
  asserted: ["it answers"],
  measurements: {},
  ...more,
});
const many = (count: number, text: string): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${index} ${text}`);
const written = (given: Report): string => JSON.stringify(documentOf("Performance Baseline", given, at, 12.6));

describe("a document", () => {
  it.each<[string, Report]>([
    ["of the usual size", report({})],
    ["with a message without end", report({ message: "x".repeat(100_000) })],
    ["with hundreds of long assertions", report({ asserted: many(500, "ä".repeat(500)) })],
    [
      "with hundreds of measurements",
      report({ measurements: Object.fromEntries(many(500, "m".repeat(100)).map((name) => [name, "v".repeat(1000)])) }),
    ],
    [
      "full of quotes, which JSON doubles",
      report({ message: '"'.repeat(1024), asserted: many(64, '"\u0001'.repeat(120)) }),
    ],
    ["with half a character at the cut", report({ message: `${"x".repeat(1022)}😀😀` })],
    [
      "with numbers that JSON does not know",
      report({ measurements: { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: 1 } }),
    ],
    [
      "with a full baseline of slow answers and everything else too long",
      report({
        verdict: "Passed",
        message: "m".repeat(5000),
        asserted: many(100, "y".repeat(300)),
        baseline: {
          version: "1.0.0",
          takenAt: at.toISOString(),
          samplesMicros: Array.from({ length: 300 }, (_, index) => 60_000_000 + index),
        },
      }),
    ],
    ["without any sentence", report({ message: "" })],
  ])("%s fits, is valid, and says the same verdict", (_, given) => {
    const text = written(given);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_DOCUMENT_BYTES);
    const document = parseCheckDocument(text);
    expect(document?.verdict).toBe(given.verdict);
    expect(document?.asserted.length).toBeGreaterThan(0);
    expect(document?.durationMs).toBe(13);
    expect(text).not.toContain("\uFFFD");
  });

  it("replaces half a character that a target has sent", () => {
    expect(documentOf("Health Check", report({ message: "a\uD800b" }), at, 1).message).toBe("a\uFFFDb");
  });

  it("keeps a full baseline of ordinary latencies whole", () => {
    const samplesMicros = Array.from({ length: 300 }, (_, index) => 12_000 + index * 100);
    const document = parseCheckDocument(
      written(report({ verdict: "Passed", baseline: { version: "1.0.0", takenAt: at.toISOString(), samplesMicros } })),
    );
    expect(document?.baseline?.samplesMicros).toEqual(samplesMicros);
  });

  it("says how many assertions it left out", () => {
    const document = parseCheckDocument(written(report({ asserted: many(40, "z".repeat(200)) })));
    expect(document?.asserted.at(-1)).toMatch(/^and \d+ more$/);
  });
});

describe("a termination message that is no document", () => {
  it.each([
    ["nothing", ""],
    ["no JSON", "panic: out of memory"],
    ["JSON cut by the kubelet", written(report({})).slice(0, 80)],
    ["a verdict nobody knows", written(report({})).replace('"Failed"', '"Fine"')],
    ["a verdict without an assertion", written(report({ asserted: [] }))],
    [
      "one longer than the kubelet keeps",
      JSON.stringify({
        ...documentOf("Health Check", report({}), at, 1),
        message: "x".repeat(1000),
        asserted: many(20, "y".repeat(240)),
      }),
    ],
  ])("%s is read as none", (_, text) => {
    expect(parseCheckDocument(text)).toBeUndefined();
  });
});
