import { request } from "undici";
import { describe, expect, it } from "vitest";
import { releaseArchive } from "../../examples/raos/release.ts";
import { openBench } from "../targets/bench.ts";
import { orderFor } from "../targets/target.ts";

const { start, release, carryOut, ask, web } = openBench();

describe("the RaOS sample", () => {
  it("shows a half-built release for what it is: parts that disagree, parts that did not load", async () => {
    const target = await start();
    const half = await release("9.4.2", { moduleVersions: { billing: "9.4.1" }, failing: ["gateway"] });
    expect(await carryOut(target, orderFor(target.name, 1, half))).toMatchObject({ state: "Applied" });
    expect((await ask(target, "/api/modules"))[1]).toEqual([
      { name: "core", version: "9.4.2", loaded: true },
      { name: "billing", version: "9.4.1", loaded: true },
      { name: "gateway", version: "9.4.2", loaded: false },
    ]);
    expect(await ask(target, "/api/greeting")).toEqual([404, { error: "not found" }]);
  });

  it("is not healthy when its core says so, and the order that brought it fails with that", async () => {
    const target = await start({ healthSeconds: 0.5 });
    const unwell = await release("9.4.3", { unwell: true });
    expect(await carryOut(target, orderFor(target.name, 1, unwell))).toMatchObject({
      state: "Failed",
      reason: "HealthFailed",
      message: expect.stringContaining("HTTP 500"),
    });
    expect((await ask(target, "/healthz"))[1]).toMatchObject({ status: "unwell", reason: "core of 9.4.3 is not well" });
  });

  it("answers 503 where it has no database, 405 to what it does not take, and wears the headers a scan looks for", async () => {
    const target = await start();
    await carryOut(target, orderFor(target.name, 1, await release("9.4.4")));
    expect((await ask(target, "/api/items"))[0]).toBe(503);
    const answer = await request(`https://127.0.0.1:${target.raos.port}/`, { dispatcher: web, method: "DELETE" });
    await answer.body.dump();
    expect(answer.statusCode).toBe(405);
    expect(answer.headers).toMatchObject({
      "strict-transport-security": expect.stringContaining("max-age"),
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "content-security-policy": expect.any(String),
    });
    expect(answer.headers["x-powered-by"]).toBeUndefined();
  });

  it("ends with the newest release when reloads overlap", async () => {
    const target = await start();
    await carryOut(target, orderFor(target.name, 1, await release("9.5.0")));
    const early = [target.raos.reload(), target.raos.reload()];
    await carryOut(target, orderFor(target.name, 2, await release("9.5.1")));
    await Promise.all(early);
    expect((await ask(target, "/"))[1]).toEqual({ status: "ok", version: "9.5.1" });
  });

  it("is built to the same bytes each time", async () => {
    const [one, other] = [
      await releaseArchive({ dir: "", version: "9.4.2" }),
      await releaseArchive({ dir: "", version: "9.4.2" }),
    ];
    expect(one.equals(other)).toBe(true);
  });
});
