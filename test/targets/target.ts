import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRaos, type RaosServer } from "../../examples/raos/server.ts";
import { AgentConfig, type AgentConfigInput } from "../../src/agent/config.ts";
import { startAgent, type AgentSeams, type RunningAgent } from "../../src/agent/start.ts";
import { orderKey, type DeliverClaims, type OrderClaims, type RestoreClaims } from "../../src/api/order.ts";
import type { AgentTarget, SignedOrder } from "../../src/delivery/driver.ts";
import { readSigningKey } from "../../src/licence/key-files.ts";
import type { SigningKey } from "../../src/licence/keys.ts";
import { orderTerm, signOrder, signRead } from "../../src/licence/sign.ts";
import { createCa, issue, type Issued } from "../cluster/pki.ts";
import { agentConfigFor } from "../world/agent-config.ts";
import { QUICK_HOOK } from "../world/hooks.ts";
import { makeKeys, type Keys } from "../world/keys.ts";
import { startFileServer, type FileServer } from "./file-server.ts";

/** What all targets of a test share: one CA, who signs orders, who issues licences, where archives lie. */
export interface Ground {
  readonly dir: string;
  readonly certificate: Issued;
  readonly keys: Keys;
  readonly operator: { readonly key: SigningKey; readonly jwks: string };
  readonly issuer: { readonly key: SigningKey };
  readonly files: FileServer;
  readonly clear: () => Promise<void>;
}

export const layGround = async (): Promise<Ground> => {
  const dir = await mkdtemp(join(tmpdir(), "ashat-target-"));
  const ca = await createCa("ASHAT test targets");
  const certificate = await issue(ca, { commonName: "target", ips: ["127.0.0.1"], dns: ["localhost"] });
  const [keys, files] = [await makeKeys(dir), await startFileServer(certificate)];
  const write = (name: string, text: string) => writeFile(join(dir, name), text);
  await write("ca.pem", ca.certPem);
  await write("cert.pem", certificate.certPem);
  await write("key.pem", certificate.keyPem);
  return {
    dir,
    certificate,
    keys,
    operator: { key: await readSigningKey(keys.orderKey), jwks: await readFile(keys.operatorKeys, "utf8") },
    issuer: { key: await readSigningKey(keys.licenceKey) },
    files,
    clear: async () => {
      await files.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
};

export interface TargetOptions {
  readonly name?: string;
  readonly licensed?: boolean;
  /** How long the agent waits for the server to be well after a switch. */
  readonly healthSeconds?: number;
  readonly config?: Partial<AgentConfigInput>;
  readonly seams?: AgentSeams;
}

/** A server with its agent, as one machine would have them. */
export interface Target {
  readonly name: string;
  readonly root: string;
  readonly raos: RaosServer;
  readonly config: AgentConfig;
  /** Where the driver reaches the agent; a new port after each start. */
  readonly at: AgentTarget;
  readonly agent: RunningAgent;
  readonly restart: (seams?: AgentSeams) => Promise<void>;
  readonly stop: () => Promise<void>;
}

let numbers = 0;

/** The configuration of an agent on this ground, for a server that is already there. */
export const agentConfig = (
  ground: Ground,
  fullName: string,
  root: string,
  raos: RaosServer,
  { licensed = false, healthSeconds = 10, config = {} }: TargetOptions = {},
): AgentConfig => {
  const [namespace = "", name = ""] = fullName.split("/");
  const [certFile, keyFile, caFile] = [
    join(ground.dir, "cert.pem"),
    join(ground.dir, "key.pem"),
    join(ground.dir, "ca.pem"),
  ];
  const seat = {
    namespace,
    name,
    root,
    certFile,
    keyFile,
    caFile,
    agentPort: 0,
    url: `https://127.0.0.1:${raos.port}`,
    hook: [...QUICK_HOOK, String(raos.adminPort)],
  };
  const given = agentConfigFor(seat, ground.keys, licensed);
  return AgentConfig.parse({
    ...given,
    health: { url: given.health.url, sha256: ground.certificate.sha256, deadlineSeconds: healthSeconds },
    fetch: { ...given.fetch, attempts: 1, deadlineSeconds: 10 },
    ...config,
  });
};

export const startTarget = async (ground: Ground, options: TargetOptions = {}): Promise<Target> => {
  numbers += 1;
  const { name: fullName = `shop/target-${numbers}`, seams = {} } = options;
  const root = join(ground.dir, `root-${numbers}`);
  await mkdir(root);
  const raos = await startRaos({ root, tls: { cert: ground.certificate.certPem, key: ground.certificate.keyPem } });
  const config = agentConfig(ground, fullName, root, raos, options);
  let agent = await startAgent(config, seams);
  return {
    name: fullName,
    root,
    raos,
    config,
    get agent() {
      return agent;
    },
    get at() {
      return { url: `https://127.0.0.1:${agent.port}`, tls: { sha256: ground.certificate.sha256 } };
    },
    restart: async (later = seams) => {
      await agent.close();
      agent = await startAgent(config, later);
    },
    stop: async () => {
      await agent.close();
      await raos.close();
    },
  };
};

/** The claims of a decent order; tests change what they are about. */
export const orderFor = (
  aud: string,
  sequence: number,
  { version, url, sha256 }: Pick<DeliverClaims, "version" | "url" | "sha256">,
  more: Partial<DeliverClaims> = {},
): DeliverClaims => {
  const { app = "default", layer = "main" } = more;
  return {
    aud,
    key: orderKey({ targetUid: "0f4a1a52-6b5c-4c1e-9d5f-0d6f0c6a1b2c", app, layer, sequence }),
    deployment: "f1b2c3d4-0000-4000-8000-000000000001",
    app,
    layer,
    sequence,
    action: "deliver",
    snapshot: `target-${String(sequence).padStart(6, "0")}`,
    ...orderTerm(new Date()),
    version,
    url,
    sha256,
    ...more,
  };
};

/** The claims of a decent order to go back to what a delivery had brought. */
export const restoreFor = (
  sequence: number,
  { url: _url, licence: _licence, ...before }: DeliverClaims,
  more: Partial<RestoreClaims> = {},
): RestoreClaims => {
  const { app, layer, aud, version, sha256 } = before;
  const { key, snapshot, deployment } = orderFor(aud, sequence, { version, sha256, url: "" }, { app, layer });
  return { ...before, ...orderTerm(new Date()), deployment, key, snapshot, sequence, action: "restore", ...more };
};

export const signed = async (ground: Ground, claims: OrderClaims): Promise<SignedOrder> => ({
  key: claims.key,
  jws: await signOrder(ground.operator.key, claims),
});

export const readToken = (ground: Ground, aud: string): Promise<string> =>
  signRead(ground.operator.key, { aud, now: new Date() });
