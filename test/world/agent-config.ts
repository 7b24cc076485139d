import type { AgentConfigInput } from "../../src/agent/config.ts";
import type { Keys } from "./keys.ts";

/** The machine an agent sits on. */
export interface Seat {
  readonly namespace: string;
  readonly name: string;
  readonly root: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  /** Where it listens; loopback by default. */
  readonly host?: string;
  readonly agentPort: number;
  /** Where the server it updates answers. */
  readonly url: string;
  readonly hook: readonly string[];
}

/** What an agent is given at install. */
export const agentConfigFor = (
  { host = "127.0.0.1", ...seat }: Seat,
  keys: Keys,
  licensed: boolean,
): AgentConfigInput => ({
  name: `${seat.namespace}/${seat.name}`,
  listen: { host, port: seat.agentPort },
  tls: { certFile: seat.certFile, keyFile: seat.keyFile },
  operatorKeys: keys.operatorKeys,
  root: seat.root,
  hook: { command: [...seat.hook] },
  health: { url: `${seat.url}/healthz`, caFile: seat.caFile, layers: ["main"] },
  fetch: { caFile: seat.caFile, allowAddresses: ["127.0.0.0/8"] },
  ...(licensed && { licensed: true, licenceKeys: keys.licenceKeys }),
});
