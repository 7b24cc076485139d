import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBench } from "../../test/targets/bench.ts";
import { orderFor } from "../../test/targets/target.ts";

const { here, start, release, carryOut, status, releases } = openBench();

describe("an order whose release does not come up", () => {
  it("names the hook that failed, says that nothing was restored, and keeps the release before", async () => {
    const real = await start();
    await carryOut(real, orderFor(real.name, 1, await release("7.0.0")));
    const failing = await start({
      config: {
        hook: {
          command: [
            process.execPath,
            "-e",
            "console.log('a secret'); process.exit(process.env.ASHAT_VERSION === '7.0.1' ? 3 : 0)",
          ],
        },
        health: { url: `https://127.0.0.1:${real.raos.port}/healthz`, caFile: join(here().dir, "ca.pem") },
      },
    });
    await carryOut(failing, orderFor(failing.name, 1, await release("7.0.0")));
    const report = await carryOut(failing, orderFor(failing.name, 2, await release("7.0.1")));
    expect(report).toMatchObject({ state: "Failed", reason: "HookFailed", activations: 1 });
    expect(report.message).toMatch(/exit code 3.*nothing was restored.*0000000000000001-7.0.0, is kept beside/);
    expect(report.message).not.toContain("a secret");
    expect(await releases(failing)).toEqual(["0000000000000001-7.0.0", "0000000000000002-7.0.1"]);
  });

  it.each([
    ["that cannot be started", { command: ["/nowhere/hook"] }, /could not be started/],
    [
      "that does not end",
      { command: [process.execPath, "-e", "setTimeout(() => {}, 20_000)"], deadlineSeconds: 0.3 },
      /did not end within 0.3 s/,
    ],
  ])("a hook %s", async (_name, hook, message) => {
    const target = await start({ config: { hook } });
    expect(await carryOut(target, orderFor(target.name, 1, await release("7.1.0")))).toMatchObject({
      state: "Failed",
      reason: "HookFailed",
      message: expect.stringMatching(message),
    });
  });

  it("a layer that serves nothing is not waited for, and one that does is", async () => {
    const target = await start({
      config: {
        hook: undefined,
        health: { url: "https://127.0.0.1:9/healthz", deadlineSeconds: 0.5, layers: ["main"] },
      },
    });
    const data = await release("7.3.0", { layer: "data", file: "data-7.3.0.tgz" });
    expect(await carryOut(target, orderFor(target.name, 1, data, { layer: "data" }))).toMatchObject({
      state: "Applied",
      message: "The release is in place.",
    });
    expect(await carryOut(target, orderFor(target.name, 2, await release("7.3.0")))).toMatchObject({
      state: "Failed",
      reason: "HealthFailed",
    });
  });

  it("a release that is not well", async () => {
    const real = await start();
    const target = await start({
      config: {
        health: {
          url: `https://127.0.0.1:${real.raos.port}/healthz`,
          caFile: join(here().dir, "ca.pem"),
          deadlineSeconds: 0.5,
        },
      },
    });
    const report = await carryOut(target, orderFor(target.name, 1, await release("7.2.0")));
    expect(report).toMatchObject({ state: "Failed", reason: "HealthFailed", activations: 1 });
    expect(report.message).toMatch(/answered HTTP 503.*nothing was restored; there was no release before it/);
    expect((await status(target)).apps).toMatchObject([{ version: "7.2.0", health: { ok: false } }]);
  });
});
