import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { releaseArchive } from "../../examples/raos/release.ts";
import { openBench } from "../../test/targets/bench.ts";
import { orderFor } from "../../test/targets/target.ts";
import { agentCommand } from "./command.ts";
import { readAgentConfig } from "./config.ts";
import { startAgent } from "./start.ts";

const { here, start, release, carryOut, send, sign, end, status, lay } = openBench();

const write = async (name: string, text: string): Promise<string> => {
  const path = join(here().dir, name);
  await writeFile(path, text);
  return path;
};
const MINIMAL = `
name: shop/ra-01
tls: {certFile: cert.pem, keyFile: key.pem}
operatorKeys: operator.json
root: ./root
health: {url: "https://127.0.0.1:8443/healthz"}
`;

describe("the configuration of an agent", () => {
  it("needs five things, and paths count from where it lies", async () => {
    const config = await readAgentConfig(await write("minimal.yaml", MINIMAL));
    expect(config).toMatchObject({ listen: { port: 7443 }, licensed: false, keep: 3, fetch: { allowHttp: false }, root: join(here().dir, "root"), operatorKeys: join(here().dir, "operator.json") });
  });

  it.each([
    ["a licensed agent without the issuer's keys", `${MINIMAL}licensed: true`, /licenceKeys/],
    ["a field nobody knows", `${MINIMAL}hooks: [x]`, /hooks/],
    ["a name without namespace", MINIMAL.replace("shop/ra-01", "ra-01"), /must be <namespace>\/<name>/],
    ["one release kept, so none before", `${MINIMAL}keep: 1`, /at least 2/],
    ["broken YAML", "name: [", /neither JSON nor YAML/],
  ])("is refused with %s", async (_name, text, message) => {
    await expect(readAgentConfig(await write("bad.yaml", text))).rejects.toThrow(message);
  });

  it("that cannot be read ends the command with a sentence", async () => {
    let err = "";
    const command = agentCommand()
      .exitOverride()
      .configureOutput({ writeErr: (text) => (err += text) });
    await expect(command.parseAsync(["--config", "/nowhere/agent.yaml"], { from: "user" })).rejects.toThrow();
    expect(err).toContain("/nowhere/agent.yaml cannot be read (ENOENT)");
  });
});

describe("an agent", () => {
  it("does not start on a journal it cannot understand, because it would not know what was delivered", async () => {
    const target = await start();
    await carryOut(target, orderFor(target.name, 1, await release("1.0.0")));
    const folder = join(target.root, ".ashat/orders");
    const [name = ""] = await readdir(folder);
    const good = await readFile(join(folder, name), "utf8");
    await target.agent.close();
    await writeFile(join(folder, name), good.slice(0, 40));
    await expect(startAgent(target.config)).rejects.toThrow(/cannot be understood, so it is not known what was delivered/);
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
    expect(await carryOut(target, orderFor(target.name, 1, await release("1.1.0")))).toMatchObject({ state: "Applied" });
  });

  it("tries again when the place of archives is away for a moment", async () => {
    const target = await start({ config: { fetch: { caFile: join(here().dir, "ca.pem"), attempts: 3 } } });
    const what = await release("1.2.0");
    const { files } = here();
    let asked = 0;
    const bytes = await releaseArchive({ dir: "", version: "1.2.0" });
    files.put("/away.tgz", (_request, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(503).end();
      else if (asked === 2) response.writeHead(200, { "content-length": bytes.length }).write(bytes.subarray(0, 50), () => response.destroy());
      else response.end(bytes);
    });
    expect(await carryOut(target, orderFor(target.name, 1, { ...what, url: files.url("/away.tgz") }))).toMatchObject({ state: "Applied" });
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
