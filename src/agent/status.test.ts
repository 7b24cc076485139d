import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { manifestEntry, rawTar } from "../../test/targets/archives.ts";
import { openBench } from "../../test/targets/bench.ts";
import { orderFor, type Target } from "../../test/targets/target.ts";
import { MAX_APPS, orderEnded } from "../api/order.ts";
import type { Entry } from "./journal.ts";

const { here, start, lay, release, sign, send, carryOut, status } = openBench();

const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `module-${index}-`.padEnd(100, "x"));
const withModules = (app: string, count: number) => {
  const version = "2.0.0";
  const modules = names(count).map((name) => ({ name, version }));
  return lay(`${app}-${count}.tgz`, gzipSync(rawTar([manifestEntry(version, { app, modules })])), version);
};

/** A machine that has been delivered to for years, as its disk would show it. */
const crowded = async (): Promise<Target> => {
  const target = await start();
  await target.agent.close();
  for (let index = 0; index < MAX_APPS; index += 1) {
    const order = orderFor(
      target.name,
      1,
      { version: "1.0.0", url: "https://alpha.example/a.tgz", sha256: "a".repeat(64) },
      { app: `app-${index}` },
    );
    const name = "0000000000000001-1.0.0";
    const folder = join(target.root, order.app, order.layer);
    await mkdir(join(folder, "releases", name), { recursive: true });
    await symlink(join("releases", name), join(folder, "current"));
    const entry: Entry = {
      order,
      state: "Applied",
      reason: "Applied",
      message: "",
      activations: 1,
      at: "2030-01-01T00:00:00.000Z",
      release: name,
      modules: [...names(24)],
    };
    await writeFile(join(target.root, ".ashat/orders", `${order.key}.json`), JSON.stringify(entry));
  }
  await target.restart();
  return target;
};

describe("the status of an agent", () => {
  it("can be read also with as many apps and modules as one agent may have, and no more come to it", async () => {
    const target = await crowded();
    const before = await status(target);
    expect(before.apps).toHaveLength(MAX_APPS);
    expect(before.seen).toHaveLength(MAX_APPS);
    expect(before.apps[0]?.modules).toEqual(names(24));

    const another = orderFor(target.name, 1, withModules("one-more", 1), { app: "one-more" });
    expect(await send(target, await sign(another))).toMatchObject({
      state: "Refused",
      status: 409,
      reason: "TooManyApps",
      message: expect.stringContaining("answers for 100 apps already and takes no order for one-more/main"),
    });

    const large = orderFor(target.name, 2, withModules("app-0", 256), { app: "app-0" });
    expect(await carryOut(target, large)).toMatchObject({
      state: "Failed",
      reason: "ArchiveRefused",
      activations: 0,
      message: expect.stringMatching(
        /with its 256 modules .* has room for 262144\. Nothing was switched; whoever builds/,
      ),
    });
    const small = orderFor(target.name, 3, withModules("app-0", 25), { app: "app-0" });
    // No server of this machine answers for these apps, which is not what this is about.
    expect(await carryOut(target, small)).toMatchObject({ activations: 1, modules: names(25) });
    expect((await status(target)).apps).toHaveLength(MAX_APPS);
  });

  it("says which order is under way, also when it is for an object that had this name before", async () => {
    const target = await start();
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    here().files.put("/held.tgz", () => resolve());
    const what = { ...(await release("1.0.0")), url: here().files.url("/held.tgz") };
    const key = "an-object-that-is-gone.default.main.4";
    await send(target, await sign(orderFor(target.name, 4, what, { key })));
    await asked;
    const { apps, seen } = await status(target);
    expect(apps).toEqual([]);
    expect(seen).toEqual([{ app: "default", layer: "main", sequence: 4, key, state: "Fetching" }]);
    expect(seen.map(({ state }) => orderEnded(state))).toEqual([false]);
  });
});
