import { mkdirSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { releaseArchive } from "../../examples/raos/release.ts";
import { openBench } from "../../test/targets/bench.ts";
import { orderFor, type Target } from "../../test/targets/target.ts";
import { signLicence } from "../licence/licence.ts";
import type { AgentSeams } from "./start.ts";

const { here, start, release, sign, send, end, carryOut, status, ask, releases } = openBench();

/** A target whose clock can be put forward; the tests' own read tokens outlast that. */
const clocked = async ({ licensed = false, ...seams }: AgentSeams & { readonly licensed?: boolean } = {}) => {
  let ahead = 0;
  const target = await start({ licensed, seams: { now: () => new Date(Date.now() + ahead), ...seams } });
  return { target, later: () => void (ahead = 90_000) };
};
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

/** An archive whose bytes come only when they are let go; `asked` is when the agent waits for them. */
const slow = async (version: string) => {
  const what = await release(version);
  const bytes = await releaseArchive({ dir: "", version });
  const asked = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  const path = `/slow-${version}.tgz`;
  here().files.put(path, (_request, response) => {
    asked.resolve();
    void free.promise.then(() => response.end(bytes));
  });
  return {
    what: { ...what, url: here().files.url(path) },
    asked: asked.promise,
    free: free.resolve,
    fetched: () => here().files.asked.get(path),
  };
};
const licence = (mainframe: string, exp: number): Promise<string> =>
  signLicence(here().issuer.key, {
    holder: "Nordwind AG",
    mainframe,
    versions: ">=1 <9",
    nbf: inSeconds(-60),
    exp,
    iat: inSeconds(-60),
    jti: "l-1",
  });

/** In the way of the next journal entry of an order, as a full disk would be. */
const obstacle = (target: Target, key: string): string => join(target.root, ".ashat/orders", `${key}.json.next`);

const untouched = async (target: Target): Promise<void> => {
  expect(await ask(target, "/healthz")).toMatchObject([503, { status: "empty" }]);
  // What was laid beside goes once the failure is told.
  await vi.waitFor(async () => expect(await releases(target)).toEqual([]));
  expect((await status(target)).apps).toEqual([]);
};

/** An agent in the middle of fetching, with a minute left of its order and of its licence. */
const fetching = async (version: string, licensed = false) => {
  const { target, later } = await clocked({ licensed });
  const archive = await slow(version);
  const claims = orderFor(
    target.name,
    1,
    archive.what,
    licensed ? { licence: await licence(target.name, inSeconds(60)) } : { exp: inSeconds(60) },
  );
  const order = await sign(claims);
  await send(target, order);
  await archive.asked;
  return { target, later, archive, claims, order };
};

describe("an order whose time is over before its release is switched to", () => {
  it("is not carried out by a machine that comes up long after, and is not even fetched again", async () => {
    const { target, later, archive, claims } = await fetching("1.0.0");
    await target.agent.close();
    later();
    archive.free();
    await target.restart();
    const report = await end(target, claims.key);
    expect(report).toMatchObject({ state: "Failed", reason: "Expired", activations: 0 });
    expect(report.message).toMatch(
      /^The order for 1.0.0 counted until .*Z, and the clock of the target says .*Z; .* makes a new update. Nothing was switched.$/,
    );
    expect(archive.fetched()).toBe(1);
    await untouched(target);
  });

  it("is not switched to when the time ran out while it was fetched, and nothing of it is left", async () => {
    const { target, later, archive, claims } = await fetching("1.1.0");
    later();
    archive.free();
    expect(await end(target, claims.key)).toMatchObject({ state: "Failed", reason: "Expired", activations: 0 });
    await untouched(target);
  });

  it("counts as long as the one sent again says, also after a restart, and one sent out of turn shortens nothing", async () => {
    const { target, later, archive, claims, order } = await fetching("1.2.0");
    await send(target, await sign({ ...claims, exp: inSeconds(600) }));
    await send(target, order);
    await target.agent.close();
    later();
    archive.free();
    await target.restart();
    expect(await end(target, claims.key)).toMatchObject({ state: "Applied", activations: 1 });
  });

  it("goes on to its end once it is switched to, whatever the time and the licence", async () => {
    const { promise: dead, resolve: die } = Promise.withResolvers<void>();
    const made: { target?: Target } = {};
    const { target, later } = await clocked({
      licensed: true,
      onStep: (step) => {
        if (step === "switched") void made.target?.agent.close().then(die);
      },
    });
    made.target = target;
    const claims = orderFor(target.name, 1, await release("1.3.0"), {
      exp: inSeconds(60),
      licence: await licence(target.name, inSeconds(60)),
    });
    await send(target, await sign(claims));
    await dead;
    delete made.target;
    expect(JSON.parse(await readFile(join(target.root, ".ashat/orders", `${claims.key}.json`), "utf8"))).toMatchObject({
      state: "Switching",
      activations: 0,
    });
    later();
    await target.restart();
    expect(await end(target, claims.key)).toMatchObject({ state: "Applied", activations: 1 });
  });
});

describe("a licence that ends while its order is fetched", () => {
  it("keeps the release from being switched to", async () => {
    const { target, later, archive, claims } = await fetching("2.0.0", true);
    later();
    archive.free();
    expect(await end(target, claims.key)).toMatchObject({
      state: "Failed",
      reason: "LicenceExpired",
      activations: 0,
      message: expect.stringMatching(/ended at .* Nothing was switched.$/),
    });
    await untouched(target);
  });

  it("is followed by the one that the order sent again brings", async () => {
    const { target, later, archive, claims } = await fetching("2.1.0", true);
    await send(target, await sign({ ...claims, licence: await licence(target.name, inSeconds(600)) }));
    later();
    archive.free();
    expect(await end(target, claims.key)).toMatchObject({ state: "Applied", activations: 1 });
  });
});

/** An order with a minute left whose agent could not write down that it goes on. */
const stuck = async (version: string) => {
  const made: { target?: Target } = {};
  const lines: string[] = [];
  const { target, later } = await clocked({
    onStep: (step, key) => {
      if (step === "accepted" && made.target !== undefined) mkdirSync(obstacle(made.target, key));
    },
    log: (event) => lines.push(event),
  });
  made.target = target;
  const claims = orderFor(target.name, 1, await release(version), { exp: inSeconds(60) });
  await send(target, await sign(claims));
  await vi.waitFor(() => expect(lines).toContain("order stuck"));
  delete made.target;
  await rm(obstacle(target, claims.key), { recursive: true });
  return { target, later, claims };
};

describe("an order that got stuck because the disk took nothing any more", () => {
  it("goes on when somebody merely asks about it", async () => {
    const { target, claims } = await stuck("3.0.0");
    expect(await end(target, claims.key)).toMatchObject({ state: "Applied", activations: 1 });
  });

  it("goes on when another order comes, which is taken after it", async () => {
    const { target, claims } = await stuck("3.1.0");
    const next = orderFor(target.name, 2, await release("3.1.1"));
    expect(await send(target, await sign(next))).toMatchObject({ state: "Refused", reason: "Busy" });
    expect(await end(target, claims.key)).toMatchObject({ state: "Applied", activations: 1 });
    expect(await carryOut(target, next)).toMatchObject({ state: "Applied" });
  });

  it("makes way for another order when its time is over", async () => {
    const { target, later, claims } = await stuck("3.2.0");
    later();
    const next = orderFor(target.name, 2, await release("3.2.1"));
    expect(await send(target, await sign(next))).toMatchObject({ state: "Refused", reason: "Busy" });
    expect(await end(target, claims.key)).toMatchObject({ state: "Failed", reason: "Expired", activations: 0 });
    expect(await carryOut(target, next)).toMatchObject({ state: "Applied" });
  });
});
