import { once } from "node:events";
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import type { Issued } from "../cluster/pki.ts";
import { HERE } from "./seat.ts";

/** What the wire does with a request: all of it is what real networks and broken servers do. */
export type Mode =
  | "pass"
  /** Takes the request and never answers, until the mode changes. */
  | "hang"
  /** Answers 200 with something that is not what was asked. */
  | "garbage"
  /** Hands an order on, waits for the answer, and cuts the connection instead of giving it back. */
  | "lose replies to orders";

/** A wire in front of an agent or a server that can be troubled. */
export interface Wire {
  readonly url: string;
  readonly set: (mode: Mode) => void;
  /** Requests that came so far, as `PUT /v1/orders/...`. */
  readonly came: readonly string[];
  readonly stop: () => Promise<void>;
}

/** Without a certificate it speaks plain HTTP to whoever asks; to `backend` it always speaks HTTPS. */
export async function startWire(backend: string, certificate?: Issued): Promise<Wire> {
  let mode: Mode = "pass";
  let moving = Promise.resolve();
  let goOn: (() => void) | undefined;
  const came: string[] = [];

  const forward = (incoming: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    // The wire is inside the test: whom it talks to needs no proof.
    const { method, headers } = incoming;
    const asked = request(
      `${backend}${incoming.url ?? "/"}`,
      { method, headers, agent: false, rejectUnauthorized: false },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("end", () => {
          if (mode === "lose replies to orders" && method === "PUT") incoming.socket.destroy();
          else response.writeHead(answer.statusCode ?? 502, answer.headers).end(Buffer.concat(parts));
        });
        answer.on("error", () => incoming.socket.destroy());
      },
    );
    asked.on("error", () => incoming.socket.destroy());
    asked.end(body);
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    came.push(`${incoming.method} ${incoming.url}`);
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    await moving;
    if (mode === "garbage") response.writeHead(200, { "content-type": "text/html" }).end("<html>It works!</html>");
    else forward(incoming, response, Buffer.concat(parts));
  };

  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    handle(incoming, response).catch(() => incoming.socket.destroy());
  };
  const server =
    certificate === undefined
      ? createPlain(listener)
      : createServer({ cert: certificate.certPem, key: certificate.keyPem }, listener);
  server.listen(0, HERE);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `${certificate === undefined ? "http" : "https"}://${HERE}:${port}`,
    came,
    set: (now) => {
      mode = now;
      goOn?.();
      if (now !== "hang") return;
      const hung = Promise.withResolvers<void>();
      moving = hung.promise;
      goOn = hung.resolve;
    },
    stop: async () => {
      goOn?.();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
