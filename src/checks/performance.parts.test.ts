import type { RequestListener } from "node:http";
import { describe, it, type TestContext } from "vitest";
import { deadPort, hurried, never, plainServer, subject } from "../../test/checks/scene.ts";
import type { Baseline, CheckDocument } from "../api/check-run.ts";
import type { Judged } from "./judge-load.ts";
import { confirmed } from "./performance.ts";
import { runCheck } from "./run.ts";

const load = async (
  { onTestFinished }: TestContext,
  listener: RequestListener,
  part: Readonly<Record<string, unknown>> = {},
  baseline?: Baseline,
): Promise<CheckDocument> => {
  const url = await plainServer(listener, onTestFinished);
  const checked = subject(
    url,
    { performance: { requestsPerSecond: 100, seconds: 1, ...part } },
    baseline === undefined ? {} : { baseline },
  );
  return runCheck("Performance Baseline", checked, never);
};

const of = (ms: number): Baseline => ({
  version: "9.4.1",
  takenAt: "2026-11-19T10:00:00.000Z",
  samplesMicros: Array.from({ length: 200 }, (_, index) => ms * 1000 + index),
});
const fine: RequestListener = (_request, response) => void response.end("fine");
describe.concurrent("the performance of a server", () => {
  it("sets the baseline at the first run, and says so", async (test) => {
    const { expect } = test;
    const document = await load(test, fine);
    expect(document.message).toMatch(
      /^100 requests at 100\/s: p50 .*; the first run of this target and app, which sets the baseline\.$/,
    );
    expect(document.verdict).toBe("Passed");
    expect(document.baseline?.samplesMicros).toHaveLength(100);
    expect(document.baseline).toMatchObject({ version: "9.4.2" });
    expect(document.baseline?.samplesMicros).toEqual(document.baseline?.samplesMicros.toSorted((a, b) => a - b));
  });

  it("passes when it is no slower than the baseline, and gives the next one", async (test) => {
    const { expect } = test;
    const document = await load(test, fine, {}, of(4000));
    expect(document.message).toMatch(/median .* against 4000 ms of 9\.4\.1 \(p = 1\.0000\)\.$/);
    expect(document.verdict).toBe("Passed");
    expect(document.asserted).toContainEqual(expect.stringContaining("Mann-Whitney U"));
    expect(document.baseline?.version).toBe("9.4.2");
  });

  it("fails when too many requests do, and names the first", async (test) => {
    const { expect } = test;
    let count = 0;
    const document = await load(
      test,
      (_request, response) => void response.writeHead((count += 1) % 3 === 0 ? 503 : 200).end(),
    );
    expect(document.message).toMatch(/^3[0-9]\.0 % of 100 requests failed, more than 1 %; the first: "status 503"\.$/);
    expect(document.verdict).toBe("Failed");
  });

  it("fails when the server dies under load", async (test) => {
    const { expect } = test;
    let count = 0;
    const document = await load(
      test,
      (request, response) => void ((count += 1) > 5 ? request.socket.destroy() : response.end()),
    );
    expect(document).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/100\.0 % of 100 requests failed.*closed the connection/),
    });
  });

  it("is not judged by a handful of requests", async (test) => {
    const { expect } = test;
    expect(await load(test, fine, { requestsPerSecond: 5, seconds: 3 })).toMatchObject({
      verdict: "Inconclusive",
      message: expect.stringContaining("15 requests prove nothing"),
    });
  });

  it("of a server that nobody serves fails without any load", async (test) => {
    const { expect } = test;
    const document = await runCheck(
      "Performance Baseline",
      subject(`http://127.0.0.1:${await deadPort()}`, { performance: {} }),
      never,
      hurried,
    );
    expect(document).toMatchObject({ verdict: "Failed", message: expect.stringContaining("refuses the connection") });
  });
});

const judged = (verdict: "Passed" | "Failed", slow: boolean): Judged => ({
  report: { verdict, message: `It ${verdict}.`, asserted: ["a"], measurements: { p50Ms: 1 } },
  slow,
});

describe("a load that was slow", () => {
  it.for<[string, readonly Judged[], string, number]>([
    [
      "is forgiven when the second is not",
      [judged("Failed", true), judged("Passed", false)],
      "It Passed (measured again after a slow load).",
      2,
    ],
    [
      "counts when the second is slow, too",
      [judged("Failed", true), judged("Failed", true)],
      "It Failed (measured again after a slow load).",
      2,
    ],
    ["is not repeated when it was not slow but broken", [judged("Failed", false)], "It Failed.", 1],
    ["is not repeated when it passed", [judged("Passed", false)], "It Passed.", 1],
  ])("%s", async ([, results, message, loads], { expect }) => {
    const left = [...results];
    const report = await confirmed(() => Promise.resolve(left.shift() ?? judged("Failed", true)));
    expect(report.message).toBe(message);
    expect(report.measurements["loads"] ?? 1).toBe(loads);
    expect(left).toEqual([]);
  });
});
