import type { RequestListener } from "node:http";
import { describe, it, type TestContext } from "vitest";
import { deadPort, hurried, never, plainServer, subject } from "../../test/checks/scene.ts";
import type { Baseline, CheckDocument } from "../api/check-run.ts";
import { runCheck } from "./run.ts";
import { realWorld, type World } from "./world.ts";

const load = async ({ onTestFinished }: TestContext, listener: RequestListener, part: Readonly<Record<string, unknown>> = {}, baseline?: Baseline): Promise<CheckDocument> => {
  const url = await plainServer(listener, onTestFinished);
  const checked = subject(url, { performance: { requestsPerSecond: 100, seconds: 1, ...part } }, baseline === undefined ? {} : { baseline });
  return runCheck("Performance Baseline", checked, never);
};

const of = (ms: number): Baseline => ({ version: "9.4.1", takenAt: "2026-11-19T10:00:00.000Z", samplesMicros: Array.from({ length: 200 }, (_, index) => ms * 1000 + index) });
const fine: RequestListener = (_request, response) => void response.end("fine");
const after = (ms: number): RequestListener => (_request, response) => void setTimeout(() => response.end("slow"), ms);

/** A machine so busy that every timer oversleeps by ever more. */
const busy = (signal: AbortSignal): World => {
  const world = realWorld(signal);
  return { ...world, pause: (ms: number) => world.pause(ms + 400) };
};

describe.concurrent("the performance of a server", () => {
  it("sets the baseline at the first run, and says so", async (test) => {
    const { expect } = test;
    const document = await load(test, fine);
    expect(document.message).toMatch(/^100 requests at 100\/s: p50 .*; the first run of this target and app, which sets the baseline\.$/);
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

  it("passes when only the first of two loads was slow, and says so", async (test) => {
    const { expect } = test;
    let count = 0;
    // One request before, 20 to warm up, 100 slow ones; then the neighbour is done.
    const document = await load(test, (_request, response) => void setTimeout(() => response.end(), (count += 1) <= 121 ? 500 : 0), {}, of(400));
    expect(document.message).toMatch(/median .* against 40\d ms of 9\.4\.1 .*\(measured again after a slow load\)\.$/);
    expect(document).toMatchObject({ verdict: "Passed", measurements: { loads: 2 } });
  });

  it("fails when it is slower than the baseline twice in a row, and gives no new one", async (test) => {
    const { expect } = test;
    const document = await load(test, after(500), {}, of(2));
    expect(document.message).toMatch(/slower: median is 5\d\d ms against 2\.\d\d ms of 9\.4\.1 \(p < 0\.0001, tolerance 20 % and 5 ms\)/);
    expect(document.verdict).toBe("Failed");
    expect(document.baseline).toBeUndefined();
  });

  it("fails above the absolute limit, whatever the baseline says", async (test) => {
    const { expect } = test;
    const document = await load(test, after(500), { maxP99Ms: 100 }, of(4000));
    expect(document).toMatchObject({ verdict: "Failed", message: expect.stringMatching(/p99 is \d+ ms, more than 100 ms/) });
  });

  it("fails when too many requests do, and names the first", async (test) => {
    const { expect } = test;
    let count = 0;
    const document = await load(test, (_request, response) => void response.writeHead((count += 1) % 3 === 0 ? 503 : 200).end());
    expect(document.message).toMatch(/^3[0-9]\.0 % of 100 requests failed, more than 1 %; the first: "status 503"\.$/);
    expect(document.verdict).toBe("Failed");
  });

  it("fails when the server dies under load", async (test) => {
    const { expect } = test;
    let count = 0;
    const document = await load(test, (request, response) => void ((count += 1) > 5 ? request.socket.destroy() : response.end()));
    expect(document).toMatchObject({ verdict: "Failed", message: expect.stringMatching(/100\.0 % of 100 requests failed.*closed the connection/) });
  });

  it.for<[string, Readonly<Record<string, unknown>>, Baseline | undefined]>([
    ["against the baseline", {}, of(2)],
    ["against the absolute limit", { maxP99Ms: 100 }, undefined],
  ])("is no verdict %s when the runner itself was late", async ([, part, baseline], { expect, onTestFinished }) => {
    const url = await plainServer(fine, onTestFinished);
    const checked = subject(url, { performance: { requestsPerSecond: 60, seconds: 1, ...part } }, baseline === undefined ? {} : { baseline });
    const document = await runCheck("Performance Baseline", checked, never, busy);
    expect(document).toMatchObject({ verdict: "Inconclusive", message: expect.stringMatching(/the runner itself started requests up to \d+ ms late/) });
  });

  it("is not judged by a handful of requests", async (test) => {
    const { expect } = test;
    expect(await load(test, fine, { requestsPerSecond: 5, seconds: 3 })).toMatchObject({ verdict: "Inconclusive", message: expect.stringContaining("15 requests prove nothing") });
  });

  it("of a server that nobody serves fails without any load", async (test) => {
    const { expect } = test;
    const document = await runCheck("Performance Baseline", subject(`http://127.0.0.1:${await deadPort()}`, { performance: {} }), never, hurried);
    expect(document).toMatchObject({ verdict: "Failed", message: expect.stringContaining("refuses the connection") });
  });
});
