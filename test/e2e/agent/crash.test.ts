import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFile, lstat, mkdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startRaos } from "../../../examples/raos/server.ts";
import { openBench } from "../../targets/bench.ts";
import { agentConfig, orderFor, readToken } from "../../targets/target.ts";
import type { OrderReport } from "../../../src/api/order.ts";
import { STEPS } from "../../../src/agent/workshop.ts";
import { startAgent, type RunningAgent } from "../../../src/agent/start.ts";

const { here, release, sign, driver, signal } = openBench();
const CRASH_AGENT = fileURLToPath(new URL("../../targets/crash-agent.ts", import.meta.url));
const running: ChildProcess[] = [];
const agents: RunningAgent[] = [];

afterEach(async () => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  for (const agent of agents.splice(0)) await agent.close();
});

/** Starts a real agent process, which dies by SIGKILL at the step named. */
const launch = async (configFile: string, dieAt: string) => {
  const child = spawn(process.execPath, [CRASH_AGENT, configFile, dieAt], { stdio: ["ignore", "pipe", "inherit"] });
  running.push(child);
  const exited = once(child, "exit");
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const { port } = JSON.parse(line) as { port: number };
  return { at: { url: `https://127.0.0.1:${port}`, tls: { sha256: here().certificate.sha256 } }, exited };
};

describe("an agent that is killed comes to the same end when it is started again, with one activation:", () => {
  it.each(STEPS)("killed at %s", async (step) => {
    const name = `shop/crash-${step}`;
    const root = join(here().dir, `crash-${step}`);
    const hooked = `${root}.hooked`;
    await mkdir(root);
    await appendFile(hooked, "");
    const raos = await startRaos({ root, tls: { cert: here().certificate.certPem, key: here().certificate.keyPem } });
    try {
      const config = agentConfig(here(), name, root, raos);
      const { hook } = config;
      // The reload of the bench, and a line for each time it ran.
      const [, , script = "", ...args] = hook?.command ?? [];
      const counted = {
        ...config,
        hook: {
          command: ["bash", "-c", `${script} && echo "$ASHAT_VERSION" >> "$1"`, ...args, hooked],
          deadlineSeconds: 30,
        },
      };
      const configFile = `${root}.json`;
      await writeFile(configFile, JSON.stringify(counted));
      const claims = orderFor(name, 1, await release("9.4.2"));
      const order = await sign(claims);

      const first = await launch(configFile, step);
      const answer = await driver.deliver(first.at, order, signal);
      // Killed before it answered, the reply is lost; the operator cannot know what became of the order.
      expect(answer.state).toBe(step === "accepted" ? "Unreachable" : "Answered");
      expect(await first.exited).toEqual([null, "SIGKILL"]);

      const link = join(root, "default/main/current");
      const switched = STEPS.indexOf(step) >= STEPS.indexOf("switched") ? (await lstat(link)).ino : undefined;

      const restarted = await startAgent(counted);
      agents.push(restarted);
      const second = { at: { ...first.at, url: `https://127.0.0.1:${restarted.port}` } };
      const again = await driver.deliver(second.at, order, signal);
      expect(again.state).toBe("Answered");
      const report = await vi.waitFor(
        async (): Promise<OrderReport> => {
          const seen = await driver.report(second.at, claims.key, await readToken(here(), name), signal);
          if (seen.state !== "Answered") throw new Error(seen.message);
          expect(seen.report.state).toMatch(/Applied|Failed/);
          return seen.report;
        },
        { timeout: 15_000, interval: 25 },
      );
      expect(report).toMatchObject({ state: "Applied", activations: 1, modules: ["core", "billing", "gateway"] });
      const status = await driver.observe(second.at, await readToken(here(), name), signal);
      expect(status).toMatchObject({
        status: {
          apps: [{ version: "9.4.2", digest: claims.sha256, health: { ok: true } }],
          activations: [{ key: claims.key, count: 1 }],
        },
      });
      expect(await readlink(link)).toBe("releases/0000000000000001-9.4.2");
      // The link made before the crash is still the same one: it was not switched a second time.
      if (switched !== undefined) expect((await lstat(link)).ino).toBe(switched);
      // The hook is repeated only where it is not known whether it ended.
      const ran = (await readFile(hooked, "utf8")).trim().split("\n");
      expect(ran).toHaveLength(step === "hooked" || step === "healthy" ? 2 : 1);
    } finally {
      await raos.close();
    }
  });
});
