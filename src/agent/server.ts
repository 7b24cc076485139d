import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { said } from "./failure.ts";
import { refuse, type Answer, type Orders } from "./orders.ts";

const MAX_BODY = 24 * 1024;

/** The text of a body, or undefined when it is longer than any order can be. */
const bodyOf = async (request: IncomingMessage): Promise<string | undefined> => {
  const parts: Buffer[] = [];
  let size = 0;
  // Leaving the loop early must not close the connection the answer goes over.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
};

const bearerOf = ({ headers }: IncomingMessage): string | undefined =>
  /^Bearer ([A-Za-z0-9._-]+)$/.exec(headers.authorization ?? "")?.[1];

const answerTo = async (request: IncomingMessage, orders: Orders): Promise<Answer<unknown>> => {
  const path = request.url ?? "";
  const key = /^\/v1\/orders\/([0-9A-Za-z.-]{1,256})$/.exec(path)?.[1];
  if (key !== undefined && request.method === "PUT") {
    if (request.headers["content-type"] !== "application/jose")
      return refuse("Malformed", "An order is sent as application/jose.");
    const body = await bodyOf(request);
    return body === undefined ? refuse("TooLarge", `An order has at most ${MAX_BODY} bytes.`) : orders.put(key, body);
  }
  if (key !== undefined && request.method === "GET") return orders.get(key, bearerOf(request));
  if (path === "/v1/status" && request.method === "GET") return orders.status(bearerOf(request));
  return refuse("NotFound", "An agent answers PUT and GET /v1/orders/<key> and GET /v1/status.");
};

const send = (response: ServerResponse, { status, body }: Answer<unknown>): void => {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    // A body that was not read to its end would be taken for the next request.
    ...(status === 413 ? { connection: "close" } : {}),
  });
  response.end(text);
};

/** The HTTPS face of an agent. Slow, long and many are bounded before anything is verified. */
export const agentServer = (
  tls: { readonly cert: string; readonly key: string },
  orders: Orders,
  log: (event: string, details: Readonly<Record<string, unknown>>) => void,
): Server => {
  const server = createServer(
    {
      ...tls,
      minVersion: "TLSv1.2",
      maxHeaderSize: 32 * 1024,
      headersTimeout: 10_000,
      requestTimeout: 20_000,
      keepAliveTimeout: 10_000,
      handshakeTimeout: 10_000,
    },
    (request, response) => {
      answerTo(request, orders)
        .catch((error: unknown): Answer<unknown> => {
          log("request failed", { method: request.method, error: said(error) });
          return {
            status: 500,
            body: { reason: "AgentTrouble", message: "The agent could not do this; its log says why." },
          };
        })
        .then((answer) => send(response, answer))
        .catch((error: unknown) => log("answer lost", { error: said(error) }));
    },
  );
  server.maxConnections = 256;
  return server;
};
