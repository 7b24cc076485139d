import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { ClusterAccess } from "../cluster/access.ts";
import { createCa, issue } from "../cluster/pki.ts";
import { type Call, callOf, insideOf } from "./call.ts";
import { isReplyFault } from "./plan.ts";
import { bytesOf, give, handOn, heard, refusal, reply, type Said } from "./replies.ts";
import type { Script, Step } from "./script.ts";
import { type Aftermath, passWatch } from "./stream.ts";

/** A write that the API server took, as the invariants look at it. */
export interface Written {
  readonly call: Call;
  readonly life: number;
  readonly sent: unknown;
  readonly stored: unknown;
}

/** What the proxy is told about one run. */
export interface Stage {
  readonly namespace: string;
  readonly script: Script;
  /** Called at the very moment a life has to end; everything of it is cut off already. */
  readonly die: (life: number) => void;
  readonly written: (write: Written) => void;
  /** Freezes the process whose write was committed just now; the reply is on its way to it. */
  readonly freeze: () => void;
  /** Gives every life a lease of its own, so that all of them lead. */
  readonly leaseOfItsOwn?: boolean;
}

/** Lives that are over: nothing of them reaches anybody any more. */
export interface Lives {
  readonly dead: Set<number>;
  readonly sockets: Map<number, Set<Socket>>;
}

export const endLife = ({ dead, sockets }: Lives, life: number): void => {
  dead.add(life);
  for (const socket of sockets.get(life) ?? []) socket.destroy();
  sockets.delete(life);
};

interface Place extends Stage {
  readonly lives: Lives;
  readonly aftermath: Aftermath;
}

export interface FaultProxy {
  readonly caPem: string;
  readonly open: (stage: Stage) => {
    readonly urlOf: (life: number) => string;
    readonly end: (life: number) => void;
    readonly close: () => void;
  };
  readonly stop: () => Promise<void>;
}

const PREFIX = /^\/run\/([^/]+)\/(\d+)(\/.*)$/;
const json = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
};

/** Between all operators and the API server: writes down what they ask, and does to it what their plans say. */
export async function startFaultProxy(cluster: ClusterAccess): Promise<FaultProxy> {
  const ca = await createCa("fault proxy");
  const { certPem, keyPem } = await issue(ca, { commonName: "fault-proxy", dns: ["localhost"], ips: ["127.0.0.1"] });
  const upstream = new Agent({ keepAlive: true, ca: cluster.caPem });
  const places = new Map<string, Place>();

  const answerWatch = async (
    place: Place,
    call: Call,
    ask: () => Promise<IncomingMessage>,
    response: ServerResponse,
  ): Promise<void> => {
    if (place.aftermath.gone.delete(call.resource)) return give(response, refusal("410", "GET"));
    const answer = await ask();
    if (answer.statusCode !== 200) return give(response, await heard(answer));
    await passWatch(call.resource, place.script, place.aftermath, answer, response);
  };

  const answerCall = async (
    place: Place,
    life: number,
    { call, step, sent }: { readonly call: Call; readonly step: Step; readonly sent: Buffer },
    ask: () => Promise<IncomingMessage>,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const { fault } = step;
    const die = (): void => {
      endLife(place.lives, life);
      place.die(life);
    };
    if (fault === "crash-before") return die();
    const on = async (): Promise<Said> => {
      const said = await heard(await ask());
      step.status = said.status;
      if (call.writes && said.status >= 200 && said.status < 300) {
        place.written({ call, life, sent: json(sent), stored: json(said.body) });
        if (call.resource === "deploymentrecords") place.script.recorded();
      }
      return said;
    };
    if (fault === "crash-after-commit" || fault === "failover") {
      await on();
      return die();
    }
    if (fault === "paused-leader") {
      const said = await on();
      place.freeze();
      return give(response, said);
    }
    if (fault === "crash-after-reply") response.once("finish", die);
    const broken = call.verb === "list" ? place.aftermath.lists.get(call.resource)?.shift() : undefined;
    const late = fault === "two-leaders" ? place.script.heldBack(on) : on;
    await reply(broken ?? (fault !== undefined && isReplyFault(fault) ? fault : undefined), incoming, response, late);
  };

  const receive = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, namespace = "", number = "", path = ""] = PREFIX.exec(incoming.url ?? "") ?? [];
    const place = places.get(namespace);
    const life = Number(number);
    if (place === undefined || place.lives.dead.has(life)) {
      incoming.socket.destroy();
      return;
    }
    const sockets = place.lives.sockets.get(life) ?? new Set();
    place.lives.sockets.set(life, sockets.add(incoming.socket));
    let body = await bytesOf(incoming);
    const method = incoming.method ?? "GET";
    const call = callOf(method, path, body.toString("utf8"));
    const { step, fault } = place.script.enter(call, life);
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    let to = insideOf(namespace, path);
    if (call.resource === "leases") {
      const own = place.leaseOfItsOwn === true ? `-${life}` : "";
      to = to.replace("/ashat-operator", `/ashat-operator${own}`);
      body = Buffer.from(
        body
          .toString("utf8")
          .replace('"ashat-system"', `"${namespace}"`)
          .replace('"ashat-operator"', `"ashat-operator${own}"`),
      );
    }
    const ask = (): Promise<IncomingMessage> => {
      // What was still on its way when its life ended is never handed on.
      if (place.lives.dead.has(life)) throw new Error("this life is over");
      const read = method === "GET" ? gone.signal : undefined;
      return handOn(cluster.server, { method, path: to, headers: incoming.headers, body }, { agent: upstream }, read);
    };
    if (call.verb === "watch" && (fault === undefined || !isReplyFault(fault)))
      await answerWatch(place, call, ask, response);
    else await answerCall(place, life, { call, step, sent: body }, ask, incoming, response);
  };

  const server = createServer({ cert: certPem, key: keyPem, keepAliveTimeout: 60_000 }, (incoming, response) => {
    receive(incoming, response).catch(() => incoming.socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    caPem: ca.certPem,
    open: (stage) => {
      const lives: Lives = { dead: new Set(), sockets: new Map() };
      places.set(stage.namespace, { ...stage, lives, aftermath: { gone: new Set(), lists: new Map() } });
      return {
        urlOf: (life) => `https://127.0.0.1:${port}/run/${stage.namespace}/${life}`,
        end: (life) => endLife(lives, life),
        close: () => {
          for (const life of lives.sockets.keys()) endLife(lives, life);
          places.delete(stage.namespace);
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
