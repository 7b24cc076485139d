import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentCommand } from "./command.ts";
import { readAgentConfig } from "./config.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-agent-config-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const write = async (name: string, text: string): Promise<string> => {
  const path = join(dir, name);
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
    expect(config).toMatchObject({
      listen: { port: 7443 },
      licensed: false,
      keep: 3,
      fetch: { allowHttp: false },
      root: join(dir, "root"),
      operatorKeys: join(dir, "operator.json"),
    });
  });

  it.each([
    ["a licensed agent without the issuer's keys", `${MINIMAL}licensed: true`, /licenceKeys/],
    ["a field nobody knows", `${MINIMAL}hooks: [x]`, /hooks/],
    ["a name without namespace", MINIMAL.replace("shop/ra-01", "ra-01"), /must be <namespace>\/<name>/],
    ["one release kept, so none before", `${MINIMAL}keep: 1`, /at least 2/],
    ["broken YAML, and quotes nothing of it", "name: [secret", /neither JSON nor YAML(?!.*secret)/s],
    [
      "an address to allow that is none",
      `${MINIMAL}fetch: {allowAddresses: [localhost]}`,
      /range of addresses such as/,
    ],
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
