import { join } from "node:path";
import { Agent, request } from "undici";
import { describe, expect, it } from "vitest";
import { openBench } from "../../targets/bench.ts";
import { orderFor } from "../../targets/target.ts";
import { SAMPLE_HOOK } from "../../world/hooks.ts";

const { start, release, carryOut, here } = openBench();

interface Answer {
  readonly status: number | "lost";
  readonly version: string;
}

/** Asks without a pause on several connections until it is stopped; each list of answers is in the order of asking. */
const probe = (port: number) => {
  const web = new Agent({ connect: { rejectUnauthorized: false }, connections: 4 });
  const stop = new AbortController();
  const ask = async (): Promise<readonly Answer[]> => {
    const answers: Answer[] = [];
    while (!stop.signal.aborted) {
      try {
        const answer = await request(`https://127.0.0.1:${port}/api/greeting`, { dispatcher: web });
        const { version } = (await answer.body.json()) as { version: string };
        answers.push({ status: answer.statusCode, version });
      } catch {
        answers.push({ status: "lost", version: "" });
      }
    }
    return answers;
  };
  const asking = Promise.all([ask(), ask(), ask()]);
  return async () => {
    stop.abort();
    const lists = await asking;
    await web.close();
    return lists;
  };
};

describe("while the agent updates the server", () => {
  it("every request is answered, by the old release or by the new one, and never by the old one again after the new", async () => {
    const target = await start();
    await carryOut(target, orderFor(target.name, 1, await release("1.0.0")));
    const stop = probe(target.raos.port);
    for (const [index, version] of ["1.0.1", "1.0.2", "1.0.3", "1.0.4"].entries()) {
      expect(
        await carryOut(target, orderFor(target.name, index + 2, await release(version, { delayMs: 5 }))),
      ).toMatchObject({ state: "Applied" });
    }
    const lists = await stop();
    for (const answers of lists) {
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      const versions = answers.map(({ version }) => version);
      expect(versions).toEqual([...versions].sort());
    }
    expect(new Set(lists.flat().map(({ version }) => version)).size).toBe(5);
  });

  it("with the sample's own hook, which is a program of its own", async () => {
    const target = await start();
    const own = await start({
      config: {
        hook: { command: [...SAMPLE_HOOK, String(target.raos.adminPort)] },
        root: target.root,
        health: { url: `https://127.0.0.1:${target.raos.port}/healthz`, caFile: join(here().dir, "ca.pem") },
      },
    });
    expect(await carryOut(own, orderFor(own.name, 1, await release("2.0.0")))).toMatchObject({ state: "Applied" });
  });
});
