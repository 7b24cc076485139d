import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { releaseArchive } from "../../examples/raos/release.ts";
import { openBench } from "../../test/targets/bench.ts";
import { orderFor } from "../../test/targets/target.ts";
import { startAgent } from "./start.ts";

const { here, start, release, carryOut, send, sign, end, status, lay } = openBench();

describe("an agent", () => {
  it("does not start on a journal it cannot understand, because it would not know what was delivered", async () => {
    const target = await start();
    await carryOut(target, orderFor(target.name, 1, await release("1.0.0")));
    const folder = join(target.root, ".ashat/orders");
    const [name = ""] = await readdir(folder);
    const good = await readFile(join(folder, name), "utf8");
    await target.agent.close();
    await writeFile(join(folder, name), good.slice(0, 40));
    await expect(startAgent(target.config)).rejects.toThrow(
      /cannot be understood, so it is not known what was delivered/,
    );
    await writeFile(join(folder, name), good);
    await writeFile(join(folder, "half.json.next"), "{");
    await target.restart();
    expect((await status(target)).apps).toMatchObject([{ version: "1.0.0" }]);
    expect(await readdir(folder)).toEqual([name]);
  });

  it("throws away what a crash left in incoming", async () => {
    const target = await start();
    const incoming = join(target.root, "default/main/incoming/release");
    await mkdir(incoming, { recursive: true });
    await writeFile(join(incoming, "ashat.json"), "{}");
    expect(await carryOut(target, orderFor(target.name, 1, await release("1.1.0")))).toMatchObject({
      state: "Applied",
    });
  });

  it("tries again when the place of archives is away for a moment", async () => {
    const target = await start({
      config: { fetch: { caFile: join(here().dir, "ca.pem"), allowAddresses: ["127.0.0.0/8"], attempts: 3 } },
    });
    const what = await release("1.2.0");
    const { files } = here();
    let asked = 0;
    const bytes = await releaseArchive({ dir: "", version: "1.2.0" });
    files.put("/away.tgz", (_request, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(503).end();
      else if (asked === 2)
        response
          .writeHead(200, { "content-length": bytes.length })
          .write(bytes.subarray(0, 50), () => response.destroy());
      else response.end(bytes);
    });
    expect(await carryOut(target, orderFor(target.name, 1, { ...what, url: files.url("/away.tgz") }))).toMatchObject({
      state: "Applied",
    });
    expect(asked).toBe(3);
  });

  it("stopped in the middle of a fetch goes on with it when it is started again", async () => {
    const target = await start();
    const what = await release("1.3.0");
    const bytes = await releaseArchive({ dir: "", version: "1.3.0" });
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    here().files.put("/slow.tgz", () => resolve());
    const claims = orderFor(target.name, 1, { ...what, url: here().files.url("/slow.tgz") });
    expect(await send(target, await sign(claims))).toMatchObject({ state: "Answered" });
    await asked;
    lay("slow.tgz", bytes, "1.3.0");
    await target.restart();
    expect(await end(target, claims.key)).toMatchObject({ state: "Applied", activations: 1 });
  });
});
