import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFile, lstat, mkdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startRaos, type RaosServer } from "../../../examples/raos/server.ts";
import { openBench } from "../../targets/bench.ts";
import { agentConfig, orderFor, readToken, restoreFor } from "../../targets/target.ts";
import type { OrderReport } from "../../../src/api/order.ts";
import { RESTORE_STEPS, STEPS } from "../../../src/agent/workshop.ts";
import { startAgent, type RunningAgent } from "../../../src/agent/start.ts";
import type { AgentTarget } from "../../../src/delivery/driver.ts";

const { here, release, sign, driver, signal } = openBench();
const CRASH_AGENT = fileURLToPath(new URL("../../targets/crash-agent.ts", import.meta.url));
const running: ChildProcess[] = [];
const agents: RunningAgent[] = [];
const servers: RaosServer[] = [];

afterEach(async () => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  for (const agent of agents.splice(0)) await agent.close();
  for (const server of servers.splice(0)) await server.close();
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

/** A server, and an agent for it whose hook writes a line for each time it ran. */
const stage = async (situation: string) => {
  const name = `shop/crash-${situation}`;
  const root = join(here().dir, `crash-${situation}`);
  const hooked = `${root}.hooked`;
  await mkdir(root);
  await appendFile(hooked, "");
  const raos = await startRaos({ root, tls: { cert: here().certificate.certPem, key: here().certificate.keyPem } });
  servers.push(raos);
  const config = agentConfig(here(), name, root, raos);
  // The reload of the bench, and a line for each time it ran.
  const [, , script = "", ...args] = config.hook?.command ?? [];
  const counted = {
    ...config,
    hook: {
      command: ["bash", "-c", `${script} && echo "$ASHAT_VERSION" >> "$1"`, ...args, hooked],
      deadlineSeconds: 30,
    },
  };
  const configFile = `${root}.json`;
  await writeFile(configFile, JSON.stringify(counted));
  const link = join(root, "default/main/current");
  return {
    name,
    configFile,
    start: async () => {
      const agent = await startAgent(counted);
      agents.push(agent);
      return { url: `https://127.0.0.1:${agent.port}`, tls: { sha256: here().certificate.sha256 } };
    },
    stop: async () => {
      for (const agent of agents.splice(0)) await agent.close();
    },
    hooked: async () => (await readFile(hooked, "utf8")).trim().split("\n"),
    link: () => readlink(link),
    /** Another number for each time the link was made. */
    made: async () => (await lstat(link)).ino,
    ended: (at: AgentTarget, key: string): Promise<OrderReport> =>
      vi.waitFor(
        async () => {
          const seen = await driver.report(at, key, await readToken(here(), name), signal);
          if (seen.state !== "Answered") throw new Error(seen.message);
          expect(seen.report.state).toMatch(/Applied|Failed/);
          return seen.report;
        },
        { timeout: 15_000, interval: 25 },
      ),
    status: async (at: AgentTarget) => driver.observe(at, await readToken(here(), name), signal),
  };
};

describe("an agent that is killed comes to the same end when it is started again, with one activation:", () => {
  it.each(STEPS)("killed at %s of a delivery", async (step) => {
    const { name, configFile, start, ended, status, hooked, link, made } = await stage(step);
    const claims = orderFor(name, 1, await release("9.4.2"));
    const order = await sign(claims);

    const first = await launch(configFile, step);
    const answer = await driver.deliver(first.at, order, signal);
    // Killed before it answered, the reply is lost; the operator cannot know what became of the order.
    expect(answer.state).toBe(step === "accepted" ? "Unreachable" : "Answered");
    expect(await first.exited).toEqual([null, "SIGKILL"]);
    const switched = STEPS.indexOf(step) >= STEPS.indexOf("switched") ? await made() : undefined;

    const second = await start();
    const again = await driver.deliver(second, order, signal);
    expect(again.state).toBe("Answered");
    expect(await ended(second, claims.key)).toMatchObject({
      state: "Applied",
      activations: 1,
      modules: ["core", "billing", "gateway"],
    });
    expect(await status(second)).toMatchObject({
      status: {
        apps: [{ version: "9.4.2", digest: claims.sha256, health: { ok: true } }],
        activations: [{ key: claims.key, count: 1 }],
      },
    });
    expect(await link()).toBe("releases/0000000000000001-9.4.2");
    // The link made before the crash is still the same one: it was not switched a second time.
    if (switched !== undefined) expect(await made()).toBe(switched);
    // The hook is repeated only where it is not known whether it ended.
    expect(await hooked()).toHaveLength(step === "hooked" || step === "healthy" ? 2 : 1);
  });

  it.each(RESTORE_STEPS)("killed at %s of a restore", async (step) => {
    const { name, configFile, start, stop, ended, status, hooked, link, made } = await stage(`restore-${step}`);
    const [before, after] = [orderFor(name, 1, await release("9.4.1")), orderFor(name, 2, await release("9.4.2"))];
    const whole = await start();
    for (const claims of [before, after]) {
      await driver.deliver(whole, await sign(claims), signal);
      await ended(whole, claims.key);
    }
    await stop();
    const delivered = await made();

    const claims = restoreFor(3, before);
    const order = await sign(claims);
    const first = await launch(configFile, step);
    const answer = await driver.deliver(first.at, order, signal);
    expect(answer.state).toBe(step === "accepted" ? "Unreachable" : "Answered");
    expect(await first.exited).toEqual([null, "SIGKILL"]);
    const switched = RESTORE_STEPS.indexOf(step) >= RESTORE_STEPS.indexOf("switched") ? await made() : undefined;
    if (switched === undefined) expect(await made()).toBe(delivered);

    const second = await start();
    expect((await driver.deliver(second, order, signal)).state).toBe("Answered");
    expect(await ended(second, claims.key)).toMatchObject({
      state: "Applied",
      activations: 1,
      modules: ["core", "billing", "gateway"],
    });
    const seen = await status(second);
    expect(seen).toMatchObject({
      status: {
        apps: [{ version: "9.4.1", digest: before.sha256, sequence: 3, key: claims.key, health: { ok: true } }],
        activations: [{ count: 1 }, { count: 1 }, { key: claims.key, count: 1 }],
      },
    });
    expect(await link()).toBe("releases/0000000000000001-9.4.1");
    if (switched !== undefined) expect(await made()).toBe(switched);
    const ran = await hooked();
    expect(ran.slice(0, 2)).toEqual(["9.4.1", "9.4.2"]);
    expect(ran).toHaveLength(step === "hooked" || step === "healthy" ? 4 : 3);
  });

  it.each(["accepted", "applied"])(
    "killed at %s of a restore of what runs already: it is a fence, and no more",
    async (step) => {
      const { name, configFile, start, stop, ended, hooked, made } = await stage(`fence-${step}`);
      const running = orderFor(name, 1, await release("9.4.2"));
      const whole = await start();
      await driver.deliver(whole, await sign(running), signal);
      await ended(whole, running.key);
      await stop();
      const delivered = await made();

      const claims = restoreFor(3, running);
      const first = await launch(configFile, step);
      await driver.deliver(first.at, await sign(claims), signal);
      expect(await first.exited).toEqual([null, "SIGKILL"]);
      const second = await start();
      expect(await ended(second, claims.key)).toMatchObject({ state: "Applied", activations: 0 });
      expect(await made()).toBe(delivered);
      expect(await hooked()).toEqual(["9.4.2"]);
      const late = orderFor(name, 2, await release("9.4.3"));
      expect(await driver.deliver(second, await sign(late), signal)).toMatchObject({ reason: "SequenceTooLow" });
    },
  );
});
