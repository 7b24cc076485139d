import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startRaos, type RaosServer } from "../../examples/raos/server.ts";
import { AgentConfig, type AgentConfigInput } from "../../src/agent/config.ts";
import { startAgent, type AgentSeams, type RunningAgent } from "../../src/agent/start.ts";
import { orderKey, type OrderClaims } from "../../src/api/order.ts";
import type { AgentTarget, SignedOrder } from "../../src/delivery/driver.ts";
import { generateKeys, parseSigningKey, type KeyPairText, type SigningKey } from "../../src/licence/keys.ts";
import { orderTerm, signOrder, signRead } from "../../src/licence/sign.ts";
import { createCa, issue, type Ca, type Issued } from "../cluster/pki.ts";
import { startFileServer, type FileServer } from "./file-server.ts";

/** The hook that the sample brings along. */
export const SAMPLE_HOOK = [process.execPath, fileURLToPath(new URL("../../examples/raos/reload.ts", import.meta.url))];

/** Asks the same of the server; a shell starts in a tenth of the time, and most tests are not about the hook. */
export const QUICK_HOOK = ["bash", "-c", 'exec 3<>"/dev/tcp/127.0.0.1/$0" && printf "POST /-/reload HTTP/1.0\\r\\n\\r\\n" >&3 && read -r line <&3 && [[ $line == *" 200 "* ]]'];

/** What all targets of a test share: one CA, who signs orders, who issues licences, where archives lie. */
export interface Ground {
  readonly dir: string;
  readonly ca: Ca;
  readonly certificate: Issued;
  readonly operator: { readonly key: SigningKey; readonly pair: KeyPairText };
  readonly issuer: { readonly key: SigningKey; readonly pair: KeyPairText };
  readonly files: FileServer;
  readonly clear: () => Promise<void>;
}

const keyPair = async () => {
  const pair = await generateKeys();
  return { pair, key: await parseSigningKey(pair.privateJwk) };
};

export const layGround = async (): Promise<Ground> => {
  const dir = await mkdtemp(join(tmpdir(), "ashat-target-"));
  const ca = await createCa("ASHAT test targets");
  const certificate = await issue(ca, { commonName: "target", ips: ["127.0.0.1"], dns: ["localhost"] });
  const [operator, issuer, files] = [await keyPair(), await keyPair(), await startFileServer(certificate)];
  const write = (name: string, text: string) => writeFile(join(dir, name), text);
  await write("ca.pem", ca.certPem);
  await write("cert.pem", certificate.certPem);
  await write("key.pem", certificate.keyPem);
  await write("operator.json", operator.pair.jwks);
  await write("issuer.json", issuer.pair.jwks);
  return {
    dir,
    ca,
    certificate,
    operator,
    issuer,
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

const healthOf = (ground: Ground, raos: RaosServer, deadlineSeconds: number) => ({
  url: `https://127.0.0.1:${raos.port}/healthz`,
  sha256: ground.certificate.sha256,
  deadlineSeconds,
});

/** The configuration of an agent on this ground, for a server that is already there. */
export const agentConfig = (ground: Ground, name: string, root: string, raos: RaosServer, more: Partial<AgentConfigInput> = {}): AgentConfig =>
  AgentConfig.parse({
    name,
    listen: { host: "127.0.0.1", port: 0 },
    tls: { certFile: join(ground.dir, "cert.pem"), keyFile: join(ground.dir, "key.pem") },
    operatorKeys: join(ground.dir, "operator.json"),
    licenceKeys: join(ground.dir, "issuer.json"),
    root,
    hook: { command: [...QUICK_HOOK, String(raos.adminPort)], deadlineSeconds: 30 },
    health: healthOf(ground, raos, 10),
    fetch: { caFile: join(ground.dir, "ca.pem"), attempts: 1, deadlineSeconds: 10 },
    ...more,
  });

export const startTarget = async (ground: Ground, { name, licensed = false, healthSeconds = 10, config: more = {}, seams = {} }: TargetOptions = {}): Promise<Target> => {
  numbers += 1;
  const fullName = name ?? `shop/target-${numbers}`;
  const root = join(ground.dir, `root-${numbers}`);
  await mkdir(root);
  const raos = await startRaos({ root, tls: { cert: ground.certificate.certPem, key: ground.certificate.keyPem } });
  const config = agentConfig(ground, fullName, root, raos, { licensed, health: healthOf(ground, raos, healthSeconds), ...more });
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
export const orderFor = (aud: string, sequence: number, what: Pick<OrderClaims, "version" | "url" | "sha256">, more: Partial<OrderClaims> = {}): OrderClaims => {
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
    ...what,
    ...more,
  };
};

export const signed = async (ground: Ground, claims: OrderClaims): Promise<SignedOrder> => ({ key: claims.key, jws: await signOrder(ground.operator.key, claims) });

export const readToken = (ground: Ground, aud: string): Promise<string> => signRead(ground.operator.key, { aud, now: new Date() });
