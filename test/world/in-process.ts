import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startRaos } from "../../examples/raos/server.ts";
import { AgentConfig } from "../../src/agent/config.ts";
import { type RunningAgent, startAgent } from "../../src/agent/start.ts";
import { issue } from "../cluster/pki.ts";
import { freePorts } from "../cluster/ports.ts";
import { QUICK_HOOK } from "../targets/target.ts";
import { agentConfigFor } from "./agent-config.ts";
import { type Answer, httpsGet } from "./https-get.ts";
import type { TargetOptions, TargetProcesses } from "./target.ts";

/** The same server and agent inside this process: for tests that need many of them and are not about processes. */
export async function startInProcess(options: TargetOptions): Promise<TargetProcesses> {
  const { namespace, name, ca, keys, licensed = false, databaseUrl } = options;
  const dir = join(options.dir, `${namespace}-${name}`);
  const root = join(dir, "root");
  await mkdir(root, { recursive: true });
  const [agentPort = 0] = await freePorts(1);
  const certificate = await issue(ca, { commonName: name, dns: ["localhost"], ips: ["127.0.0.1"] });
  const [certFile, keyFile, caFile] = [join(dir, "tls.crt"), join(dir, "tls.key"), join(dir, "ca.crt")];
  await Promise.all([writeFile(certFile, certificate.certPem), writeFile(keyFile, certificate.keyPem, { mode: 0o600 }), writeFile(caFile, ca.certPem)]);
  const raos = await startRaos({ root, tls: { cert: certificate.certPem, key: certificate.keyPem }, ...(databaseUrl !== undefined && { databaseUrl }) });
  const url = `https://127.0.0.1:${raos.port}`;
  const hook = [...QUICK_HOOK, String(raos.adminPort)];
  const config = AgentConfig.parse(agentConfigFor({ namespace, name, root, certFile, keyFile, caFile, agentPort, url, hook }, keys, licensed));
  let agent: RunningAgent | undefined = await startAgent(config);
  const get = (path: string): Promise<Answer> => httpsGet(`${url}${path}`, ca.certPem);
  const killAgent = async (): Promise<void> => {
    await agent?.close();
    agent = undefined;
  };
  return {
    name,
    url,
    agentUrl: `https://127.0.0.1:${agentPort}`,
    root,
    certificate,
    get,
    version: async () => {
      const { status, body } = await get("/healthz");
      return status === 200 ? (JSON.parse(body) as { readonly version: string }).version : undefined;
    },
    startAgent: async () => {
      agent = await startAgent(config);
    },
    killAgent,
    stop: async () => {
      await killAgent();
      await raos.close();
    },
  };
}
