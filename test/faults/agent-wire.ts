import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TargetProcesses } from "../world/target.ts";
import type { Call } from "./call.ts";
import { isReplyFault } from "./plan.ts";
import { bytesOf, handOn, heard, reply, type Said } from "./replies.ts";
import type { Script } from "./script.ts";

/** An order as it passed, before anybody proved its signature. */
export interface PassedOrder {
  readonly target: string;
  readonly key: string;
  readonly sequence: number;
  readonly action: string;
  readonly version: string;
  readonly deployment: string;
}

export interface AgentWire {
  readonly url: string;
  /** Cuts everybody off, or lets them in again: between two lives nobody is there to ask. */
  readonly shut: (now: boolean) => void;
  readonly stop: () => Promise<void>;
}

const claimsOf = (jws: string): { readonly [claim: string]: unknown } =>
  JSON.parse(Buffer.from(jws.split(".")[1] ?? "", "base64url").toString("utf8")) as {
    readonly [claim: string]: unknown;
  };

const callOf = (method: string, path: string): Call => ({
  verb: method === "PUT" ? "update" : "get",
  resource: path.startsWith("/v1/orders/") ? "order" : "status",
  name: "",
  writes: method === "PUT",
});

/** In front of the agent of one target: to it, the operator's words; to the operator, what its plan leaves of the answers. */
export async function startAgentWire(
  at: TargetProcesses,
  script: Script,
  told: { readonly order: (order: PassedOrder) => void; readonly die: () => void; readonly life: () => number },
): Promise<AgentWire> {
  let shut = false;
  // The wire is inside the test: whom it talks to needs no proof.
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });

  const receive = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = "GET", url: path = "/", headers } = incoming;
    const body = await bytesOf(incoming);
    if (shut) {
      incoming.socket.destroy();
      return;
    }
    const { step, fault } = script.enter(callOf(method, path), told.life(), at.name);
    if (fault === "crash-before") return told.die();
    const on = async (): Promise<Said> => {
      if (shut) throw new Error("nobody is there to ask");
      if (method === "PUT") {
        const { key, sequence, action, version, deployment } = claimsOf(body.toString("utf8"));
        told.order({
          target: at.name,
          key: String(key),
          sequence: Number(sequence),
          action: String(action),
          version: String(version),
          deployment: String(deployment),
        });
      }
      const said = await heard(await handOn(at.agentUrl, { method, path, headers, body }, { agent }));
      step.status = said.status;
      return said;
    };
    if (fault === "crash-after-commit" || fault === "failover") {
      await on();
      return told.die();
    }
    if (fault === "crash-after-reply") response.once("finish", told.die);
    const late = fault === "two-leaders" ? script.heldBack(on) : on;
    await reply(fault !== undefined && isReplyFault(fault) ? fault : undefined, incoming, response, late, "agent");
  };

  const { certPem: cert, keyPem: key } = at.certificate;
  const server = createServer({ cert, key }, (incoming, response) => {
    receive(incoming, response).catch(() => incoming.socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    shut: (now) => {
      shut = now;
      if (now) server.closeAllConnections();
    },
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}
