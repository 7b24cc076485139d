import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import manifest from "../../package.json" with { type: "json" };
import { ANY_ADDRESS } from "../dial/address-rules.ts";
import { pinnedAgent } from "../dial/pinned.ts";
import type { Trust } from "../dial/trust.ts";
import { readJwks } from "../licence/key-files.ts";
import type { AgentConfig } from "./config.ts";
import { fetchAddresses } from "./fetch-addresses.ts";
import { followed, followTls } from "./followed.ts";
import { healthProbe } from "./health.ts";
import { Journal } from "./journal.ts";
import { Orders } from "./orders.ts";
import { agentServer } from "./server.ts";
import type { Step, Workshop } from "./workshop.ts";

export interface AgentSeams {
  readonly now?: () => Date;
  readonly log?: Workshop["log"];
  /** Told of every moment between two effects. */
  readonly onStep?: (step: Step, key: string) => void;
}

export interface RunningAgent {
  readonly port: number;
  /** Stops listening and working; what is unfinished goes on at the next start. */
  readonly close: () => Promise<void>;
}

const trustOf = async ({
  caFile,
  sha256,
}: {
  readonly caFile?: string | undefined;
  readonly sha256?: string | undefined;
}): Promise<Trust> => ({
  ...(sha256 === undefined ? {} : { sha256 }),
  ...(caFile === undefined ? {} : { ca: await readFile(caFile, "utf8") }),
});

/** Starts an agent: the journal is read, the port is taken, and then what was unfinished goes on. */
export const startAgent = async (config: AgentConfig, seams: AgentSeams = {}): Promise<RunningAgent> => {
  const { now = () => new Date(), log = () => undefined, onStep = () => undefined } = seams;
  const [cert, key, operatorKeys] = await Promise.all([
    readFile(config.tls.certFile, "utf8"),
    readFile(config.tls.keyFile, "utf8"),
    followed(config.operatorKeys, readJwks, log),
  ]);
  const licenceKeys =
    config.licensed && config.licenceKeys !== undefined ? await followed(config.licenceKeys, readJwks, log) : undefined;
  if (config.licensed && licenceKeys === undefined)
    throw new Error("A licensed agent needs licenceKeys: the JWKS of whoever issues licences.");
  await mkdir(config.root, { recursive: true, mode: 0o755 });

  const timing = { connectMs: 5_000, headersMs: 15_000, bodyMs: 30_000 };
  const source = pinnedAgent(
    await trustOf(config.fetch),
    { ...timing, plain: config.fetch.allowHttp },
    fetchAddresses(config.fetch.allowAddresses, process.env),
  );
  // Where its own server answers comes from whoever set the agent up, and is this machine as a rule.
  const server = pinnedAgent(
    await trustOf(config.health),
    { ...timing, plain: config.health.url.startsWith("http:") },
    ANY_ADDRESS,
  );
  const journal = await Journal.open(config.root);
  const judge = { name: config.name, now, ...(licenceKeys === undefined ? {} : { licenceKeys }) };
  const shop: Workshop = {
    config,
    journal,
    source,
    health: healthProbe(server, config.health.url, now),
    judge,
    now,
    log,
    onStep,
  };
  const orders = new Orders(shop, { operatorKeys, agentVersion: manifest.version });

  const face = agentServer({ cert, key }, orders, log);
  followTls(face, config.tls, log);
  face.listen(config.listen.port, config.listen.host);
  await once(face, "listening");
  const { port } = face.address() as AddressInfo;
  log("agent listens", { name: config.name, host: config.listen.host, port, licensed: config.licensed });
  orders.resume();

  const close = async (): Promise<void> => {
    const closed = once(face, "close");
    face.close();
    await orders.stop();
    face.closeAllConnections();
    await closed;
    await Promise.all([source.destroy(), server.destroy()]);
  };
  return { port, close };
};
