import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Guarded, startGuarded } from "../cluster/guard.ts";
import type { Issued } from "../cluster/pki.ts";
import { freePorts } from "../cluster/ports.ts";
import { until } from "../cluster/until.ts";
import { agentConfigFor } from "./agent-config.ts";
import { SAMPLE_HOOK } from "./hooks.ts";
import { type Answer, httpsGet } from "./https-get.ts";
import type { Keys } from "./keys.ts";
import { laySeat, type SeatOptions } from "./seat.ts";

const at = (path: string): string => new URL(`../../${path}`, import.meta.url).pathname;

export interface TargetOptions extends SeatOptions {
  readonly keys: Keys;
  /** A mainframe: its agent applies nothing without a licence. */
  readonly licensed?: boolean;
  readonly databaseUrl?: string;
  /** The program its agent is of; our sources by default. */
  readonly entry?: string;
}

/** A place updates are delivered to: two real processes, the RaOS sample and the agent that updates it. */
export interface TargetProcesses {
  readonly name: string;
  readonly url: string;
  readonly agentUrl: string;
  readonly root: string;
  readonly certificate: Issued;
  /** Loopback only: where the server is told to load what `current` names. */
  readonly adminPort: number;
  readonly get: (path: string) => Promise<Answer>;
  /** What the server says runs there; undefined while nothing is installed. */
  readonly version: () => Promise<string | undefined>;
  readonly startAgent: () => Promise<void>;
  /** Ends the agent as a power cut would. */
  readonly killAgent: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** What a server says runs there; undefined while nothing is installed. */
export const versionOf = async (get: TargetProcesses["get"]): Promise<string | undefined> => {
  const { status, body } = await get("/healthz");
  return status === 200 ? (JSON.parse(body) as { readonly version: string }).version : undefined;
};

const GRACE_MS = 2_000;

export async function startTarget(options: TargetOptions): Promise<TargetProcesses> {
  const { name, ca, keys, licensed = false, databaseUrl, entry = at("src/main.ts") } = options;
  const seat = await laySeat(options);
  const { dir, root, certificate, certFile, keyFile, host } = seat;
  const [port = 0, adminPort = 0, agentPort = 0] = await freePorts(3);
  const configFile = join(dir, "agent.json");
  const url = `https://${host}:${port}`;
  const agentUrl = `https://${host}:${agentPort}`;
  const hook = [...SAMPLE_HOOK, String(adminPort)];
  await writeFile(configFile, JSON.stringify(agentConfigFor({ ...seat, agentPort, url, hook }, keys, licensed)));
  const raos = startGuarded({
    name: `raos ${name}`,
    command: process.execPath,
    args: [at("examples/raos/server.ts")],
    logFile: join(dir, "raos.log"),
    env: {
      PATH: process.env["PATH"],
      RAOS_ROOT: root,
      RAOS_CERT_FILE: certFile,
      RAOS_KEY_FILE: keyFile,
      RAOS_HOST: host,
      RAOS_PORT: String(port),
      RAOS_ADMIN_PORT: String(adminPort),
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    },
  });
  const get = (path: string): Promise<Answer> => httpsGet(`${url}${path}`, ca.certPem);
  let agent: Guarded | undefined;
  const startAgent = async (): Promise<void> => {
    agent = await startGuarded({
      name: `agent ${name}`,
      command: process.execPath,
      args: [entry, "agent", "--config", configFile],
      logFile: join(dir, "agent.log"),
      env: { PATH: process.env["PATH"] },
    });
    // Whatever it answers, it listens.
    await until(
      `the agent of ${name} listens`,
      async () => (await httpsGet(`${agentUrl}/v1/status`, ca.certPem)).status > 0,
    );
  };
  const [server] = await Promise.all([raos, startAgent()]);
  await until(`the server ${name} listens`, async () => (await get("/healthz")).status > 0);
  return {
    name,
    url,
    agentUrl,
    root,
    certificate,
    adminPort,
    get,
    version: () => versionOf(get),
    startAgent,
    killAgent: async () => {
      await agent?.stop(0);
    },
    stop: async () => {
      await Promise.all([server.stop(GRACE_MS), agent?.stop(GRACE_MS)]);
    },
  };
}
