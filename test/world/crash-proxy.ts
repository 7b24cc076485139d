import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { ClusterAccess } from "../cluster/access.ts";
import { createCa, issue } from "../cluster/pki.ts";

/** Where, around one of its writes, the operator dies. */
export type Moment =
  /** Right before the write is handed on: it never happens. The life after it may do this one. */
  | "before the write"
  /** The API server has committed it, and the operator never hears of it. */
  | "after the commit"
  /** The operator has its reply, and does nothing more. */
  | "after the reply"
  | "never";

/** One life of the operator, from its admission to its death. */
export interface Life {
  readonly kubeconfig: string;
  /** Lets its requests through from now on; until then they wait. `kill` ends the process on the spot. */
  readonly admit: (kill: () => void) => void;
  /** With the kind of write at which it died. */
  readonly died: Promise<string>;
  /** Writes that were committed in this life. */
  readonly committed: () => number;
}

/** Between the operator and the API server: counts its writes in one namespace and lets it die at each of them. */
export interface CrashProxy {
  readonly nextLife: () => Promise<Life>;
  readonly stop: () => Promise<void>;
}

interface LifeState {
  readonly admitted: Promise<void>;
  /** Ends the operator; undefined before its admission. */
  kill: (() => void) | undefined;
  dead: boolean;
  committed: number;
  /** When the write before this one is over. */
  turn: Promise<void>;
  readonly died: (write: string) => void;
}

const WRITES = ["POST", "PUT", "PATCH", "DELETE"];
const PREFIX = /^\/life\/(\d+)(\/.*)$/;

const isWrite = (namespace: string, method: string, path: string): boolean =>
  WRITES.includes(method) &&
  path.includes(`/namespaces/${namespace}/`) &&
  !path.includes("/leases/") &&
  !path.includes("dryRun=") &&
  !path.includes("selfsubjectaccessreviews");

interface Write {
  /** `PUT servers/status` and the like: what is written, without whose it is. */
  readonly kind: string;
  /** The same for the same write tried again: of a status the version it is based on, of anything else its name. */
  readonly identity: string;
  readonly body: Buffer;
}

const writeOf = (namespace: string, method: string, path: string, body: Buffer): Write => {
  const bare = path.split("?")[0] ?? "";
  const [resource = "", , subresource] = (bare.split(`/namespaces/${namespace}/`)[1] ?? "").split("/");
  const { metadata } = JSON.parse(body.length === 0 ? "{}" : body.toString("utf8")) as {
    readonly metadata?: { readonly name?: string; readonly resourceVersion?: string };
  };
  return {
    kind: `${method} ${[resource, subresource].filter((part) => part !== undefined).join("/")}`,
    identity: `${method} ${bare} ${metadata?.name ?? ""} ${metadata?.resourceVersion ?? ""}`,
    body,
  };
};

const isCommitted = (status: number): boolean => status >= 200 && status < 300;

/** When a life ends: at this moment of its first write, or of its first one of the kind `only`, such as `PUT deployments/status`. */
export interface Doom {
  readonly moment: Moment;
  readonly only?: string;
}

export async function startCrashProxy(
  cluster: ClusterAccess,
  namespace: string,
  { moment, only }: Doom,
  dir: string,
): Promise<CrashProxy> {
  const ca = await createCa("crash proxy");
  const { certPem, keyPem } = await issue(ca, { commonName: "crash-proxy", dns: ["localhost"], ips: ["127.0.0.1"] });
  const upstream = new Agent({ keepAlive: true, ca: cluster.caPem });
  const original = parse(
    await readFile(await cluster.kubeconfigForServiceAccount("ashat-system", "ashat"), "utf8"),
  ) as { readonly clusters: readonly object[] };
  const lives: LifeState[] = [];
  const isFatal = ({ kind }: Write): boolean => only === undefined || kind === only;
  const triedBefore = new Set<string>();

  const die = (life: LifeState, write: string): void => {
    if (life.dead) return;
    life.dead = true;
    life.kill?.();
    life.died(write);
  };

  const handOn = (
    life: LifeState,
    incoming: IncomingMessage,
    response: ServerResponse,
    path: string,
    write?: Write,
  ): void => {
    const { method = "GET", headers } = incoming;
    const asked = request(
      `${cluster.server}${path}`,
      { method, headers: { ...headers, host: new URL(cluster.server).host }, agent: upstream },
      (answer) => {
        const committed = write !== undefined && isCommitted(answer.statusCode ?? 0);
        if (committed) life.committed += 1;
        const last = committed && isFatal(write);
        if (last && moment === "after the commit") return die(life, write.kind);
        if (last && moment === "after the reply") response.once("finish", () => die(life, write.kind));
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        // Watches are read event by event, so headers must not wait for the first of them.
        response.flushHeaders();
        answer.pipe(response);
        answer.on("error", () => response.destroy());
      },
    );
    asked.on("error", () => response.destroy());
    response.on("close", () => asked.destroy());
    if (write === undefined) incoming.pipe(asked);
    else asked.end(write.body);
  };

  /** Writes are handed on one at a time, so that the one at which a life ends is the last that was made in it. */
  const handOnWrite = async (
    life: LifeState,
    incoming: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const write = writeOf(namespace, incoming.method ?? "", path, Buffer.concat(parts));
    const before = life.turn;
    const done = Promise.withResolvers<void>();
    life.turn = done.promise;
    await before;
    if (life.dead) return;
    if (moment === "before the write" && isFatal(write) && !triedBefore.has(write.identity)) {
      triedBefore.add(write.identity);
      return die(life, write.kind);
    }
    response.once("close", done.resolve);
    handOn(life, incoming, response, path, write);
  };

  const receive = async (
    life: LifeState,
    incoming: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<void> => {
    await life.admitted;
    if (life.dead) incoming.socket.destroy();
    else if (isWrite(namespace, incoming.method ?? "", path)) await handOnWrite(life, incoming, response, path);
    else handOn(life, incoming, response, path);
  };

  const server = createServer({ cert: certPem, key: keyPem }, (incoming, response) => {
    const [, number = "", path = ""] = PREFIX.exec(incoming.url ?? "") ?? [];
    const life = lives[Number(number)];
    if (life === undefined) response.writeHead(404).end();
    else receive(life, incoming, response, path).catch(() => incoming.socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  return {
    nextLife: async () => {
      const number = lives.length;
      const admitted = Promise.withResolvers<void>();
      const died = Promise.withResolvers<string>();
      const life: LifeState = {
        admitted: admitted.promise,
        kill: undefined,
        dead: false,
        committed: 0,
        turn: Promise.resolve(),
        died: died.resolve,
      };
      lives.push(life);
      const kubeconfig = join(dir, `crash-${port}-${number}.yaml`);
      const at = {
        server: `https://127.0.0.1:${port}/life/${number}`,
        "certificate-authority-data": Buffer.from(ca.certPem).toString("base64"),
      };
      await writeFile(kubeconfig, stringify({ ...original, clusters: [{ name: "ashat", cluster: at }] }), {
        mode: 0o600,
      });
      return {
        kubeconfig,
        died: died.promise,
        committed: () => life.committed,
        admit: (kill) => {
          life.kill = kill;
          admitted.resolve();
        },
      };
    },
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      upstream.destroy();
    },
  };
}
