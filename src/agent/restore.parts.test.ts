import { readlink, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBench } from "../../test/targets/bench.ts";
import { orderFor, restoreFor, type Target } from "../../test/targets/target.ts";
import type { DeliverClaims } from "../api/order.ts";
import { signLicence } from "../licence/licence.ts";

const { here, start, release, sign, send, carryOut, delivered, obstructed, status, runs } = openBench();

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
const at = (target: Target): Promise<string> => readlink(join(target.root, "default/main/current"));
const folder = (target: Target, name: string): string => join(target.root, "default/main/releases", name);

describe("a restore", () => {
  it("puts back what ran before, then one further back, and says what it would put back next", async () => {
    const { target, nth } = await delivered(["9.4.0", "9.4.1", "9.4.2"], { config: { keep: 4 } });
    expect((await status(target)).apps).toMatchObject([
      { version: "9.4.2", previous: { version: "9.4.1", digest: nth(2).sha256 } },
    ]);

    const back = restoreFor(4, nth(2));
    expect(await carryOut(target, back)).toMatchObject({
      state: "Applied",
      activations: 1,
      modules: ["core", "billing", "gateway"],
    });
    await runs(target, "9.4.1");
    expect((await status(target)).apps).toMatchObject([
      {
        version: "9.4.1",
        sequence: 4,
        key: back.key,
        digest: nth(2).sha256,
        previous: { version: "9.4.0", digest: nth(1).sha256 },
      },
    ]);

    expect(await carryOut(target, restoreFor(5, nth(1)))).toMatchObject({ state: "Applied", activations: 1 });
    await runs(target, "9.4.0");
    const { apps } = await status(target);
    expect(apps).toMatchObject([{ version: "9.4.0", sequence: 5 }]);
    expect(apps[0]).not.toHaveProperty("previous");
  });

  it("fetches nothing and unpacks nothing: it works while the place of archives is away", async () => {
    const { target, nth } = await delivered(["9.3.0", "9.3.1"]);
    const { pathname } = new URL(nth(1).url);
    const asked = here().files.asked.get(pathname);
    await carryOut(target, restoreFor(3, nth(1)));
    await runs(target, "9.3.0");
    expect(here().files.asked.get(pathname)).toBe(asked);
    expect(await at(target)).toBe("releases/0000000000000001-9.3.0");
  });

  it("sent again, also after a restart, is the same order and switches nothing a second time", async () => {
    const { target, nth } = await delivered(["9.2.0", "9.2.1"]);
    const claims = restoreFor(3, nth(1));
    await carryOut(target, claims);
    await target.restart();
    expect(await send(target, await sign({ ...claims, exp: claims.exp + 500 }))).toMatchObject({
      state: "Answered",
      report: { state: "Applied", activations: 1 },
    });
    expect((await status(target)).activations.at(-1)).toEqual({ key: claims.key, count: 1 });
  });

  it("is followed by a delivery, and what that would be rolled back to is what was restored", async () => {
    const { target, nth } = await delivered(["9.1.0", "9.1.1"], { config: { keep: 2 } });
    await carryOut(target, restoreFor(3, nth(1)));
    await carryOut(target, orderFor(target.name, 4, await release("9.1.2")));
    await runs(target, "9.1.2");
    expect((await status(target)).apps[0]?.previous).toEqual({ version: "9.1.0", digest: nth(1).sha256 });
    expect(await carryOut(target, restoreFor(5, nth(1)))).toMatchObject({ state: "Applied" });
    await runs(target, "9.1.0");
  });

  it("needs no licence where every delivery does", async () => {
    const target = await start({ licensed: true });
    const licence = await signLicence(here().issuer.key, {
      holder: "Nordwind AG",
      mainframe: target.name,
      versions: "9.0.x",
      nbf: inSeconds(-60),
      exp: inSeconds(600),
      iat: inSeconds(-60),
      jti: "l-1",
    });
    const first = orderFor(target.name, 1, await release("9.0.0"), { licence });
    await carryOut(target, first);
    await carryOut(target, orderFor(target.name, 2, await release("9.0.1"), { licence }));
    const { licence: _none, ...unlicensed } = first;
    expect(
      await send(target, await sign({ ...unlicensed, ...restoreKey(target, 3), action: "deliver" })),
    ).toMatchObject({
      reason: "LicenceMissing",
    });
    expect(await carryOut(target, restoreFor(3, first))).toMatchObject({ state: "Applied", activations: 1 });
    await runs(target, "9.0.0");
  });

  it("chooses, of two kept releases of one digest, the one that what runs came after", async () => {
    const { target, nth } = await delivered(["1.0.0", "1.0.1"], { config: { keep: 5 } });
    const again = orderFor(target.name, 3, nth(1));
    await carryOut(target, again);
    await carryOut(target, restoreFor(4, nth(2)));
    expect(await carryOut(target, restoreFor(5, nth(1)))).toMatchObject({ state: "Applied" });
    expect(await at(target)).toBe("releases/0000000000000001-1.0.0");
    expect((await status(target)).apps[0]).not.toHaveProperty("previous");
  });
});

const restoreKey = (target: Target, sequence: number): Pick<DeliverClaims, "key" | "sequence"> => {
  const { key } = orderFor(target.name, sequence, { version: "1.0.0", url: "", sha256: "" });
  return { key, sequence };
};

describe("what a restore would put back", () => {
  it("is never a release that did not come up", async () => {
    const { target } = await obstructed();
    const first = orderFor(target.name, 1, await release("7.0.0"));
    await carryOut(target, first);
    expect(await carryOut(target, orderFor(target.name, 2, await release("7.0.9")))).toMatchObject({
      reason: "HookFailed",
    });
    expect((await status(target)).apps).toMatchObject([{ version: "7.0.9", previous: { version: "7.0.0" } }]);
    await carryOut(target, orderFor(target.name, 3, await release("7.0.2")));
    expect((await status(target)).apps).toMatchObject([{ version: "7.0.2", previous: { version: "7.0.0" } }]);
  });

  it("is never the same archive, delivered once more", async () => {
    const { target, nth } = await delivered(["7.1.0", "7.1.1"]);
    await carryOut(target, orderFor(target.name, 3, nth(2)));
    expect((await status(target)).apps).toMatchObject([{ version: "7.1.1", previous: { version: "7.1.0" } }]);
  });

  it("is not said where it is not kept any more, and what came before that is", async () => {
    const { target } = await delivered(["7.2.0", "7.2.1", "7.2.2"]);
    await rm(folder(target, "0000000000000002-7.2.1"), { recursive: true });
    expect((await status(target)).apps).toMatchObject([{ version: "7.2.2", previous: { version: "7.2.0" } }]);
    await rm(folder(target, "0000000000000001-7.2.0"), { recursive: true });
    expect((await status(target)).apps[0]).not.toHaveProperty("previous");
  });
});

describe("a restore of what runs already", () => {
  it("switches nothing and runs no hook, and lets no older order in any more", async () => {
    const { target, nth, hooked } = await delivered(["8.0.0", "8.0.1"]);
    const claims = restoreFor(9, nth(2));
    const before = hooked.length;
    expect(await carryOut(target, claims)).toMatchObject({
      state: "Applied",
      activations: 0,
      message: "The release runs already; nothing was switched.",
    });
    expect(hooked).toHaveLength(before);
    expect(await at(target)).toBe("releases/0000000000000002-8.0.1");
    const late = orderFor(target.name, 8, await release("8.0.2"));
    expect(await send(target, await sign(late))).toMatchObject({ reason: "SequenceTooLow", sequence: 9 });
    expect(await send(target, await sign(restoreFor(8, nth(1))))).toMatchObject({ reason: "SequenceTooLow" });
    expect(await status(target)).toMatchObject({
      apps: [{ version: "8.0.1", sequence: 2, previous: { version: "8.0.0" } }],
      seen: [{ sequence: 9, key: claims.key, state: "Applied" }],
    });
    expect(await carryOut(target, orderFor(target.name, 10, await release("8.0.2")))).toMatchObject({
      state: "Applied",
    });
  });

  it("runs the hook where somebody else put it in place, because nobody knows whether it was run", async () => {
    const { target, nth, hooked } = await delivered(["8.1.0", "8.1.1"]);
    const current = join(target.root, "default/main/current");
    await rm(current);
    await symlink("releases/0000000000000001-8.1.0", current);
    const claims = restoreFor(3, nth(1));
    expect(await carryOut(target, claims)).toMatchObject({ state: "Applied", activations: 0 });
    expect(hooked.at(-1)).toBe(claims.key);
    await runs(target, "8.1.0");
    // From here on it stands, and another one is only a fence.
    await carryOut(target, restoreFor(4, nth(1)));
    expect(hooked.at(-1)).toBe(claims.key);
  });
});
