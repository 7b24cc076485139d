import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Agent, request } from "undici";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { releaseArchive, type ReleaseOptions } from "../../examples/raos/release.ts";
import type { AgentStatus, DeliverClaims, OrderClaims, OrderReport } from "../../src/api/order.ts";
import { agentDriver } from "../../src/delivery/agent.ts";
import { ANY_ADDRESS } from "../../src/dial/address-rules.ts";
import type { AgentSeams } from "../../src/agent/start.ts";
import type { Delivery, SignedOrder } from "../../src/delivery/driver.ts";
import { sha256 } from "./archives.ts";
import {
  layGround,
  orderFor,
  readToken,
  signed,
  startTarget,
  type Ground,
  type Target,
  type TargetOptions,
} from "./target.ts";

type What = Pick<DeliverClaims, "version" | "url" | "sha256">;

const releases = async (target: Target): Promise<readonly string[]> =>
  (await readdir(join(target.root, "default/main/releases"))).sort();

/** A test's place to work with targets: everything is made before its tests and gone after them. */
export const openBench = () => {
  let ground: Ground | undefined;
  const targets: Target[] = [];
  const driver = agentDriver(ANY_ADDRESS);
  const web = new Agent({ connect: { rejectUnauthorized: false } });
  const { signal } = new AbortController();

  beforeAll(async () => {
    ground = await layGround();
  });
  afterAll(async () => {
    await Promise.all(targets.map((target) => target.stop()));
    await Promise.all([driver.close(), web.close()]);
    await ground?.clear();
  });
  const here = (): Ground => {
    if (ground === undefined) throw new Error("the ground is laid before the first test");
    return ground;
  };

  const start = async (options: TargetOptions = {}): Promise<Target> => {
    const target = await startTarget(here(), options);
    targets.push(target);
    return target;
  };
  /** Lays an archive where agents can fetch it. */
  const lay = (name: string, bytes: Buffer, version: string): What => {
    here().files.put(`/${name}`, bytes);
    return { version, url: here().files.url(`/${name}`), sha256: sha256(bytes) };
  };
  const release = async (version: string, more: Partial<ReleaseOptions> = {}): Promise<What> =>
    lay(
      `${version}-${JSON.stringify(more).replaceAll(/\W/g, "")}.tgz`,
      await releaseArchive({ dir: "", version, ...more }),
      version,
    );

  const sign = (claims: OrderClaims): Promise<SignedOrder> => signed(here(), claims);
  const send = (target: Target, order: SignedOrder): Promise<Delivery> => driver.deliver(target.at, order, signal);
  const report = async (target: Target, key: string): Promise<Delivery> =>
    driver.report(target.at, key, await readToken(here(), target.name), signal);

  /** Waits until the order has ended. */
  const end = (target: Target, key: string): Promise<OrderReport> =>
    vi.waitFor(
      async () => {
        const answer = await report(target, key);
        if (answer.state !== "Answered") throw new Error(`${answer.state}: ${answer.message}`);
        expect(answer.report.state).toMatch(/Applied|Failed/);
        return answer.report;
      },
      { timeout: 15_000, interval: 20 },
    );
  const carryOut = async (target: Target, claims: OrderClaims): Promise<OrderReport> => {
    expect(await send(target, await sign(claims))).toMatchObject({
      state: "Answered",
      report: { state: "Accepted", activations: 0 },
    });
    return end(target, claims.key);
  };
  const status = async (target: Target): Promise<AgentStatus> => {
    const seen = await driver.observe(target.at, await readToken(here(), target.name), signal);
    if (seen.state !== "Answered") throw new Error(`${seen.state}: ${seen.message}`);
    return seen.status;
  };
  /** What the server behind the agent answers. */
  const ask = async (target: Target, path: string): Promise<readonly [number, unknown]> => {
    const answer = await request(`https://127.0.0.1:${target.raos.port}${path}`, { dispatcher: web });
    return [answer.statusCode, await answer.body.json()];
  };

  const runs = async (target: Target, version: string): Promise<void> =>
    expect(await ask(target, "/healthz")).toEqual([200, { status: "ok", version }]);

  /** A target that was delivered these versions one after the other, from sequence 1 on; the orders that did it, and for which ones the hook was run. */
  const delivered = async (versions: readonly string[], options: TargetOptions = {}) => {
    const hooked: unknown[] = [];
    const log: AgentSeams["log"] = (event, { key }) => void (event === "hook ended" && hooked.push(key));
    const target = await start({ ...options, seams: { log, ...options.seams } });
    const orders: DeliverClaims[] = [];
    for (const version of versions) {
      const order = orderFor(target.name, orders.length + 1, await release(version));
      await carryOut(target, order);
      orders.push(order);
    }
    const nth = (number: number): DeliverClaims => orders[number - 1] ?? expect.unreachable();
    return { target, nth, hooked };
  };

  /** An agent whose hook fails for version 7.0.9, and for all while it is obstructed; the server behind it is always well. */
  const obstructed = async () => {
    const { target: well } = await delivered(["7.0.0"]);
    const obstacle = join(well.root, "obstacle");
    const target = await start({
      config: {
        hook: { command: ["bash", "-c", 'test ! -e "$1" && test "$ASHAT_VERSION" != 7.0.9', "hook", obstacle] },
        health: { url: `https://127.0.0.1:${well.raos.port}/healthz`, caFile: join(here().dir, "ca.pem") },
      },
    });
    return { target, obstruct: () => writeFile(obstacle, ""), clear: () => rm(obstacle) };
  };

  return {
    here,
    start,
    lay,
    release,
    sign,
    send,
    report,
    end,
    carryOut,
    delivered,
    obstructed,
    status,
    ask,
    runs,
    releases,
    driver,
    web,
    signal,
  };
};
