import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { request } from "undici";
import { beforeAll, expect } from "vitest";
import type { DeliverClaims, RestoreClaims } from "../../src/api/order.ts";
import { signJws, TYP } from "../../src/licence/jws.ts";
import { openBench } from "./bench.ts";
import { orderFor, restoreFor, type Target } from "./target.ts";

export interface Raw {
  readonly method?: "PUT" | "GET" | "POST" | "DELETE";
  readonly path?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Every name below a folder and what it holds, so that a single changed byte shows. */
const everythingIn = async (folder: string, under = ""): Promise<readonly string[]> => {
  const lines = await Promise.all(
    (await readdir(join(folder, under))).sort().map(async (name) => {
      const path = join(under, name);
      const stat = await lstat(join(folder, path));
      if (stat.isDirectory()) return [`${path}/`, ...(await everythingIn(folder, path))];
      const content = stat.isSymbolicLink() ? await readlink(join(folder, path)) : await readFile(join(folder, path));
      return [`${path} ${stat.mode} ${stat.ino} ${createHash("sha256").update(content).digest("hex")}`];
    }),
  );
  return lines.flat();
};

/** An agent that runs 9.0.0 by order 5 and kept 8.9.0 by order 4, with two orders that it would take next: one of each kind. */
export const openSiege = () => {
  const bench = openBench();
  const { here, start, release, carryOut, status, web } = bench;
  let target: Target;
  let good: DeliverClaims;
  let back: RestoreClaims;
  let before: Awaited<ReturnType<typeof standing>>;

  const standing = async () => {
    const { agent, seen, activations, apps } = await status(target);
    return {
      agent,
      seen,
      activations,
      apps: apps.map(({ health: _health, ...app }) => app),
      disk: await everythingIn(target.root),
    };
  };

  beforeAll(async () => {
    target = await start();
    const kept = orderFor(target.name, 4, await release("8.9.0"));
    await carryOut(target, kept);
    await carryOut(target, orderFor(target.name, 5, await release("9.0.0")));
    good = orderFor(target.name, 6, await release("9.0.1"));
    back = restoreFor(6, kept);
    before = await standing();
  });

  const raw = async ({
    method = "PUT",
    path = `/v1/orders/${good.key}`,
    body,
    headers = { "content-type": "application/jose" },
  }: Raw) => {
    const answer = await request(`${target.at.url}${path}`, {
      dispatcher: web,
      method,
      headers: { ...headers },
      ...(body === undefined ? {} : { body }),
    });
    return {
      status: answer.statusCode,
      body: (await answer.body.json()) as { reason?: string; message?: string; sequence?: number; state?: string },
    };
  };

  /** Sends it, and proves that it was refused for this reason, in a sentence, and that nothing is different afterwards. */
  const isRefused = async (what: Raw, code: number, reason: string): Promise<void> => {
    const answer = await raw(what);
    expect(answer).toMatchObject({ status: code, body: { reason } });
    expect(answer.body.message).toMatch(/^[A-Z].*\.$/s);
    expect(await standing()).toEqual(before);
  };

  return {
    ...bench,
    raw,
    isRefused,
    target: () => target,
    good: () => good,
    back: () => back,
    /** Signed with the operator's key as it is, also where no order may say so. */
    loose: (claims: object): Promise<string> => signJws(here().operator.key, TYP.order, claims),
  };
};
