import { existsSync } from "node:fs";
import { readlink, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { releaseArchive } from "../../examples/raos/release.ts";
import { openBench } from "../../test/targets/bench.ts";
import { orderFor, restoreFor, type Target } from "../../test/targets/target.ts";

const { here, start, release, sign, send, end, carryOut, delivered, obstructed, status, runs, releases } = openBench();

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
const at = (target: Target): Promise<string> => readlink(join(target.root, "default/main/current"));
const folder = (target: Target, name: string): string => join(target.root, "default/main/releases", name);

describe("a release that did not come up", () => {
  it("is taken back by a restore", async () => {
    const { target } = await obstructed();
    const first = orderFor(target.name, 1, await release("7.0.0"));
    await carryOut(target, first);
    await carryOut(target, orderFor(target.name, 2, await release("7.0.9")));
    expect(await at(target)).toBe("releases/0000000000000002-7.0.9");
    expect(await carryOut(target, restoreFor(3, first))).toMatchObject({ state: "Applied", activations: 1 });
    expect(await at(target)).toBe("releases/0000000000000001-7.0.0");
  });

  it("after a restore is told as it is, and the next restore of it brings it up without switching again", async () => {
    const { target, obstruct, clear } = await obstructed();
    const first = orderFor(target.name, 1, await release("7.0.0"));
    await carryOut(target, first);
    await carryOut(target, orderFor(target.name, 2, await release("7.0.1")));
    await obstruct();
    const failed = await carryOut(target, restoreFor(3, first));
    expect(failed).toMatchObject({ state: "Failed", reason: "HookFailed", activations: 1 });
    expect(failed.message).toMatch(
      /exit code 1; .*The restored release 0000000000000001-7.0.0 is in place; the one that was in place until then, 0000000000000002-7.0.1, is kept beside\.$/,
    );
    const again = await carryOut(target, restoreFor(4, first));
    expect(again).toMatchObject({ state: "Failed", reason: "HookFailed", activations: 0 });
    expect(again.message).toMatch(/to be restored, 0000000000000001-7.0.0, was in place already and stays there\.$/);
    await clear();
    expect(await carryOut(target, restoreFor(5, first))).toMatchObject({
      state: "Applied",
      activations: 0,
      message: "The release runs and is healthy.",
    });
    expect(await at(target)).toBe("releases/0000000000000001-7.0.0");
    expect(await releases(target)).toEqual(["0000000000000001-7.0.0", "0000000000000002-7.0.1"]);
  });

  it("because the server is not well says so after a restore too", async () => {
    const { target, nth } = await delivered(["7.3.0", "7.3.1"], { healthSeconds: 0.3 });
    await target.raos.close();
    const report = await carryOut(target, restoreFor(3, nth(1)));
    expect(report).toMatchObject({ state: "Failed", reason: "HookFailed", activations: 1 });
    expect(report.message).toContain("The restored release 0000000000000001-7.3.0 is in place");
  });
});

describe("a restore is refused, and nothing has changed,", () => {
  it("while a delivery is under way, and is taken after it", async () => {
    const { target, nth } = await delivered(["6.0.0", "6.0.1"]);
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
    const { promise: free, resolve: letGo } = Promise.withResolvers<void>();
    const bytes = await releaseArchive({ dir: "", version: "6.0.2" });
    here().files.put("/slow-6.0.2.tgz", (_request, response) => {
      isAsked();
      void free.then(() => response.end(bytes));
    });
    const what = { ...(await release("6.0.2")), url: here().files.url("/slow-6.0.2.tgz") };
    const slow = orderFor(target.name, 3, what);
    await send(target, await sign(slow));
    await asked;
    const back = restoreFor(4, nth(1));
    expect(await send(target, await sign(back))).toMatchObject({
      state: "Refused",
      reason: "Busy",
      message: expect.stringContaining(slow.key),
    });
    letGo();
    await end(target, slow.key);
    expect(await carryOut(target, back)).toMatchObject({ state: "Applied", activations: 1 });
    await runs(target, "6.0.0");
  });

  it.each([
    ["with a sequence that was used", 2, {}, "SequenceTooLow"],
    ["with a sequence below", 1, { key: "other.default.main.1" }, "SequenceTooLow"],
    ["when its time is over", 3, { exp: inSeconds(-1) }, "Expired"],
    ["before its time", 3, { nbf: inSeconds(600), exp: inSeconds(900) }, "NotYetValid"],
    ["for another target", 3, { aud: "shop/other" }, "WrongAudience"],
  ])("%s", async (_name, sequence, change, reason) => {
    const { target, nth } = await delivered(["6.1.0", "6.1.1"]);
    const before = await status(target);
    const key = sequence === 2 ? { key: "other.default.main.2" } : {};
    const answer = await send(target, await sign(restoreFor(sequence, nth(1), { ...key, ...change })));
    expect(answer).toMatchObject({ state: "Refused", reason });
    expect((await status(target)).seen).toEqual(before.seen);
    await runs(target, "6.1.1");
  });

  it("under the key of a delivery, and a delivery under the key of a restore", async () => {
    const { target, nth } = await delivered(["6.2.0", "6.2.1"]);
    expect(await send(target, await sign(restoreFor(2, nth(2))))).toMatchObject({
      state: "Refused",
      reason: "KeyReused",
      message: expect.stringContaining("was taken to deliver version 6.2.1"),
    });
    await carryOut(target, restoreFor(3, nth(1)));
    expect(await send(target, await sign(orderFor(target.name, 3, nth(1))))).toMatchObject({
      state: "Refused",
      reason: "KeyReused",
      message: expect.stringContaining("was taken to restore version 6.2.0"),
    });
    await runs(target, "6.2.0");
  });
});

describe("a restore ends in Failed, and what ran goes on running,", () => {
  it("of a version that never ran here", async () => {
    const { target } = await delivered(["5.0.0"]);
    const never = orderFor(target.name, 1, await release("4.9.9"));
    expect(await carryOut(target, restoreFor(2, never))).toMatchObject({
      state: "Failed",
      reason: "SnapshotGone",
      activations: 0,
      message: expect.stringMatching(
        /^No release with SHA-256 [0-9a-f]{64} \(4.9.9\) ever ran here.* makes a new update/,
      ),
    });
    await runs(target, "5.0.0");
    expect((await status(target)).seen).toMatchObject([{ sequence: 2, state: "Failed" }]);
  });

  it("on a target where nothing ever ran", async () => {
    const target = await start();
    const never = orderFor(target.name, 1, await release("4.9.9"));
    expect(await carryOut(target, restoreFor(2, never))).toMatchObject({ state: "Failed", reason: "SnapshotGone" });
    expect(existsSync(join(target.root, "default/main/current"))).toBe(false);
  });

  it("of an update whose archive never came whole", async () => {
    const { target } = await delivered(["5.1.0"]);
    const broken = orderFor(target.name, 2, { ...(await release("5.1.1")), sha256: "0".repeat(64) });
    expect(await carryOut(target, broken)).toMatchObject({ reason: "DigestMismatch" });
    expect(await carryOut(target, restoreFor(3, broken))).toMatchObject({ reason: "SnapshotGone" });
    await runs(target, "5.1.0");
  });

  it.each([
    ["whose folder is gone", (path: string) => rm(path, { recursive: true })],
    ["whose manifest is gone", (path: string) => rm(join(path, "ashat.json"))],
    ["whose manifest is nonsense", (path: string) => writeFile(join(path, "ashat.json"), "{")],
    [
      "whose folder is that of another release",
      async (path: string) => {
        await rm(path, { recursive: true });
        await rename(join(path, "../0000000000000002-5.2.1"), path);
      },
    ],
  ])("%s", async (_name, harm) => {
    const { target, nth } = await delivered(["5.2.0", "5.2.1", "5.2.2"]);
    await harm(folder(target, "0000000000000001-5.2.0"));
    const report = await carryOut(target, restoreFor(4, nth(1)));
    expect(report).toMatchObject({ state: "Failed", reason: "SnapshotGone", activations: 0 });
    expect(report.message).toMatch(/^What was kept of 5.2.0 is missing or damaged \(0000000000000001-5.2.0 under /);
    await runs(target, "5.2.2");
  });

  it("but not where another kept release of that digest is whole", async () => {
    const { target, nth } = await delivered(["5.3.0", "5.3.1"], { config: { keep: 5 } });
    await carryOut(target, orderFor(target.name, 3, nth(1)));
    await carryOut(target, orderFor(target.name, 4, await release("5.3.2")));
    await rm(folder(target, "0000000000000003-5.3.0"), { recursive: true });
    expect(await carryOut(target, restoreFor(5, nth(1)))).toMatchObject({ state: "Applied", activations: 1 });
    expect(await at(target)).toBe("releases/0000000000000001-5.3.0");
  });

  it("when the digest is that of another version", async () => {
    const { target, nth } = await delivered(["5.4.0", "5.4.1"]);
    expect(await carryOut(target, restoreFor(3, nth(1), { version: "5.3.9" }))).toMatchObject({
      state: "Failed",
      reason: "ManifestMismatch",
      message: expect.stringMatching(/is 5.4.0, but 5.3.9 was ordered. Nothing was switched/),
    });
    await runs(target, "5.4.1");
  });

  it.each([
    ["before the switch", "switching", 1, "5.5.0"],
    ["while the machine was down, also where it would switch nothing", "accepted", 2, "5.5.1"],
  ])(
    "when its time ran out %s, and the kept release is still there for the next one",
    async (_name, at, which, version) => {
      const made: { target?: Target; ahead: number } = { ahead: 0 };
      const { promise: dead, resolve: die } = Promise.withResolvers<void>();
      const { target, nth } = await delivered(["5.5.0", "5.5.1"], {
        seams: {
          now: () => new Date(Date.now() + made.ahead),
          onStep: (step, key) => {
            if (step === at && key.endsWith(".3")) void made.target?.agent.close().then(die);
          },
        },
      });
      made.target = target;
      const claims = restoreFor(3, nth(which), { exp: inSeconds(60) });
      await send(target, await sign(claims));
      await dead;
      delete made.target;
      made.ahead = 90_000;
      await target.restart();
      expect(await end(target, claims.key)).toMatchObject({
        state: "Failed",
        reason: "Expired",
        activations: 0,
        message: expect.stringMatching(/asks for the rollback again\. Nothing was switched\.$/),
      });
      await vi.waitFor(() => runs(target, "5.5.1"));
      expect(await carryOut(target, restoreFor(4, nth(which)))).toMatchObject({ state: "Applied" });
      await runs(target, version);
    },
  );
});
