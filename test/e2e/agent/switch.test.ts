import { join } from "node:path";
import { Agent, request } from "undici";
import { describe, expect, it } from "vitest";
import { openBench } from "../../targets/bench.ts";
import { orderFor, SAMPLE_HOOK } from "../../targets/target.ts";

const { start, release, carryOut, here } = openBench();

/** Asks without a pause on several connections until it is stopped, and keeps every answer. */
const probe = (port: number) => {
  const answers: { readonly status: number | "lost"; readonly version?: string }[] = [];
  const web = new Agent({ connect: { rejectUnauthorized: false }, connections: 4 });
  let going = true;
  const ask = async (): Promise<void> => {
    while (going) {
      try {
        const answer = await request(`https://127.0.0.1:${port}/api/greeting`, { dispatcher: web });
        const { version } = (await answer.body.json()) as { version: string };
        answers.push({ status: answer.statusCode, version });
      } catch {
        answers.push({ status: "lost" });
      }
    }
  };
  const asking = Promise.all([ask(), ask(), ask()]);
  return async () => {
    going = false;
    await asking;
    await web.close();
    return answers;
  };
};

describe("while the agent updates the server", () => {
  it("every request is answered, by the old release or by the new one, and never by the old one again after the new", async () => {
    const target = await start();
    await carryOut(target, orderFor(target.name, 1, await release("1.0.0")));
    const stop = probe(target.raos.port);
    for (const [index, version] of ["1.0.1", "1.0.2", "1.0.3", "1.0.4"].entries()) {
      expect(await carryOut(target, orderFor(target.name, index + 2, await release(version, { delayMs: 5 })))).toMatchObject({ state: "Applied" });
    }
    const answers = await stop();
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(new Set(answers.map(({ version }) => version)).size).toBe(5);
    expect(answers.length).toBeGreaterThan(50);
  });

  it("with the sample's own hook, which is a program of its own", async () => {
    const target = await start();
    const own = await start({ config: { hook: { command: [...SAMPLE_HOOK, String(target.raos.adminPort)] }, root: target.root, health: { url: `https://127.0.0.1:${target.raos.port}/healthz`, caFile: join(here().dir, "ca.pem") } } });
    expect(await carryOut(own, orderFor(own.name, 1, await release("2.0.0")))).toMatchObject({ state: "Applied" });
  });
});
