import { describe, expect, it } from "vitest";
import { openBench } from "../../test/targets/bench.ts";
import { orderFor, restoreFor } from "../../test/targets/target.ts";

const { start, release, carryOut, status, ask } = openBench();

describe("a restore", () => {
  it("puts back what ran before, then one further back, and says what it would put back next", async () => {
    const target = await start({ config: { keep: 4 } });
    const first = orderFor(target.name, 1, await release("9.4.0"));
    const second = orderFor(target.name, 2, await release("9.4.1"));
    const third = orderFor(target.name, 3, await release("9.4.2"));
    for (const claims of [first, second, third]) await carryOut(target, claims);
    expect((await status(target)).apps).toMatchObject([
      { version: "9.4.2", previous: { version: "9.4.1", digest: second.sha256 } },
    ]);

    expect(await carryOut(target, restoreFor(4, second))).toMatchObject({
      state: "Applied",
      activations: 1,
      modules: ["core", "billing", "gateway"],
    });
    expect(await ask(target, "/healthz")).toEqual([200, { status: "ok", version: "9.4.1" }]);
    expect((await status(target)).apps).toMatchObject([
      { version: "9.4.1", sequence: 4, digest: second.sha256, previous: { version: "9.4.0", digest: first.sha256 } },
    ]);

    expect(await carryOut(target, restoreFor(5, first))).toMatchObject({ state: "Applied", activations: 1 });
    expect(await ask(target, "/healthz")).toEqual([200, { status: "ok", version: "9.4.0" }]);
    const { apps } = await status(target);
    expect(apps).toMatchObject([{ version: "9.4.0", sequence: 5 }]);
    expect(apps[0]?.previous).toBeUndefined();
  });
});
