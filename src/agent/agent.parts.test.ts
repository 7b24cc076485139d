import { existsSync } from "node:fs";
import { readlink, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { openBench } from "../../test/targets/bench.ts";
import { orderFor } from "../../test/targets/target.ts";

const { here, start, release, sign, send, end, carryOut, status, ask, releases } = openBench();

describe("an agent", () => {
  it("installs the first release and updates it: whoever asks the server gets different answers", async () => {
    const target = await start();
    expect(await ask(target, "/healthz")).toEqual([503, { status: "empty", error: "no release is installed yet" }]);
    expect((await status(target)).apps).toEqual([]);

    const first = orderFor(target.name, 1, await release("9.4.1"));
    expect(await carryOut(target, first)).toMatchObject({
      state: "Applied",
      activations: 1,
      modules: ["core", "billing", "gateway"],
    });
    expect(await ask(target, "/api/greeting")).toEqual([200, { greeting: "Hello from RaOS 9.4.1", version: "9.4.1" }]);

    const second = orderFor(target.name, 2, await release("9.4.2"));
    await carryOut(target, second);
    expect(await ask(target, "/healthz")).toEqual([200, { status: "ok", version: "9.4.2" }]);
    expect((await ask(target, "/api/modules"))[1]).toContainEqual({ name: "billing", version: "9.4.2", loaded: true });
    expect(await status(target)).toMatchObject({
      agent: { name: target.name },
      apps: [
        {
          app: "default",
          layer: "main",
          sequence: 2,
          version: "9.4.2",
          digest: second.sha256,
          key: second.key,
          health: { ok: true },
        },
      ],
      seen: [{ app: "default", layer: "main", sequence: 2, key: second.key, state: "Applied" }],
      activations: [
        { key: first.key, count: 1 },
        { key: second.key, count: 1 },
      ],
    });
  });

  it("gives the same answer to the same order and does nothing twice, also when the first answer was lost", async () => {
    const target = await start();
    const claims = orderFor(target.name, 1, await release("9.5.0"));
    await carryOut(target, claims);
    const fetched = here().files.asked.get(new URL(claims.url).pathname);
    const renewed = { ...claims, exp: claims.exp + 500, nbf: claims.nbf - 5, licence: "renewed" };
    expect(await send(target, await sign(renewed))).toMatchObject({
      state: "Answered",
      report: { state: "Applied", activations: 1 },
    });
    expect(here().files.asked.get(new URL(claims.url).pathname)).toBe(fetched);
    expect((await status(target)).activations).toEqual([{ key: claims.key, count: 1 }]);
  });

  it("takes one of many different orders that come at once, and one of many same ones", async () => {
    const target = await start();
    const different = await Promise.all(
      [5, 6, 7, 8].map(async (sequence) => sign(orderFor(target.name, sequence, await release("9.5.1")))),
    );
    const answers = await Promise.all(different.map((order) => send(target, order)));
    const taken = answers.flatMap((answer) => (answer.state === "Answered" ? [answer.report.key] : []));
    expect(taken).toHaveLength(1);
    for (const answer of answers)
      if (answer.state === "Refused") expect(answer.reason).toMatch(/^(Busy|SequenceTooLow)$/);
    await end(target, taken[0] ?? "");

    const same = await sign(orderFor(target.name, 9, await release("9.5.2")));
    for (const answer of await Promise.all(Array.from({ length: 4 }, () => send(target, same))))
      expect(answer).toMatchObject({ state: "Answered", report: { key: same.key } });
    await end(target, same.key);
    expect((await status(target)).activations).toEqual([
      { key: taken[0], count: 1 },
      { key: same.key, count: 1 },
    ]);
  });

  it("keeps n releases, and never throws away the one that runs", async () => {
    const target = await start({ config: { keep: 2 } });
    for (const [index, version] of ["1.0.0", "1.0.1", "1.0.2"].entries())
      await carryOut(target, orderFor(target.name, index + 1, await release(version)));
    await vi.waitFor(async () =>
      expect(await releases(target)).toEqual(["0000000000000002-1.0.1", "0000000000000003-1.0.2"]),
    );
    expect(await readlink(join(target.root, "default/main/current"))).toBe("releases/0000000000000003-1.0.2");
    expect(existsSync(join(target.root, "default/main/incoming"))).toBe(false);
  });

  it("keeps apps apart: their sequences, their releases", async () => {
    const target = await start();
    await carryOut(target, orderFor(target.name, 7, await release("2.0.0")));
    const shop = await release("1.0.0", { app: "shop" });
    expect(await carryOut(target, orderFor(target.name, 1, shop, { app: "shop" }))).toMatchObject({ state: "Applied" });
    expect((await status(target)).seen).toMatchObject([
      { app: "shop", layer: "main", sequence: 1 },
      { app: "default", layer: "main", sequence: 7 },
    ]);
  });

  it("reports what really runs when somebody put it back by hand", async () => {
    const target = await start();
    const first = orderFor(target.name, 1, await release("3.0.0"));
    await carryOut(target, first);
    await carryOut(target, orderFor(target.name, 2, await release("3.0.1")));
    const current = join(target.root, "default/main/current");
    await rm(current);
    await symlink("releases/0000000000000001-3.0.0", current);
    expect((await status(target)).apps).toMatchObject([{ version: "3.0.0", digest: first.sha256, sequence: 1 }]);
    await rm(current);
    await symlink("/tmp", current);
    expect((await status(target)).apps).toEqual([]);
  });

  it("still knows everything after a restart", async () => {
    const target = await start();
    const claims = orderFor(target.name, 4, await release("4.0.0"));
    await carryOut(target, claims);
    await target.restart();
    expect(await end(target, claims.key)).toMatchObject({ state: "Applied", activations: 1 });
    expect(await send(target, await sign(orderFor(target.name, 3, await release("4.0.1"))))).toMatchObject({
      state: "Refused",
      reason: "SequenceTooLow",
      sequence: 4,
    });
  });
});
