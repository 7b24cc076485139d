import { startRaos } from "../../examples/raos/server.ts";
import { AgentConfig } from "../../src/agent/config.ts";
import { type RunningAgent, startAgent } from "../../src/agent/start.ts";
import { freePorts } from "../cluster/ports.ts";
import { agentConfigFor } from "./agent-config.ts";
import { QUICK_HOOK } from "./hooks.ts";
import { type Answer, httpsGet } from "./https-get.ts";
import { laySeat } from "./seat.ts";
import { type TargetOptions, type TargetProcesses, versionOf } from "./target.ts";

/** The same server and agent inside this process: for tests that need many of them and are not about processes. */
export async function startInProcess(options: TargetOptions): Promise<TargetProcesses> {
  const { name, ca, keys, licensed = false, databaseUrl } = options;
  const seat = await laySeat(options);
  const { root, certificate, host } = seat;
  const [agentPort = 0] = await freePorts(1);
  const raos = await startRaos({
    root,
    host,
    tls: { cert: certificate.certPem, key: certificate.keyPem },
    ...(databaseUrl !== undefined && { databaseUrl }),
  });
  const url = `https://${host}:${raos.port}`;
  const hook = [...QUICK_HOOK, String(raos.adminPort)];
  const config = AgentConfig.parse(agentConfigFor({ ...seat, agentPort, url, hook }, keys, licensed));
  let agent: RunningAgent | undefined = await startAgent(config);
  const get = (path: string): Promise<Answer> => httpsGet(`${url}${path}`, ca.certPem);
  const killAgent = async (): Promise<void> => {
    await agent?.close();
    agent = undefined;
  };
  return {
    name,
    url,
    agentUrl: `https://${host}:${agentPort}`,
    root,
    certificate,
    adminPort: raos.adminPort,
    get,
    version: () => versionOf(get),
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
