import { createServer } from "node:http";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Connection } from "../../../src/kube/connection.ts";

/** A request as the server saw it, in order of arrival. */
export type Seen = {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

export type Answer =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  /** Pieces go out one after the other as they are given; last the reply ends, breaks, or stays open in silence. */
  | { readonly pieces: readonly (string | Uint8Array)[]; readonly last: "end" | "cut" | "hang" }
  | "hang"
  | "cut";

const play = (answer: Answer, response: ServerResponse): void => {
  if (answer === "hang") return;
  if (answer === "cut") {
    response.socket?.destroy();
    return;
  }
  if ("pieces" in answer) {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    for (const piece of answer.pieces) response.write(piece);
    if (answer.last === "end") response.end();
    // The last piece must leave before the connection does.
    if (answer.last === "cut") response.write("", () => setImmediate(() => response.socket?.destroy()));
    return;
  }
  response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers });
  response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {}));
};

/**
 * Injects faults where a real API server cannot be made to: it answers each request with whatever the script says.
 * It knows nothing about Kubernetes; what a healthy server does is tested on a real one.
 */
export const faultyServer = async (script: (request: Seen, index: number) => Answer) => {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one: Seen = {
        method: request.method ?? "",
        url: new URL(request.url ?? "/", "http://server"),
        headers: request.headers,
        body: Buffer.concat(chunks).toString("utf8"),
      };
      seen.push(one);
      play(script(one, seen.length - 1), response);
    });
  });
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  const { port } = server.address() as AddressInfo;
  const connection: Connection = {
    server: `http://127.0.0.1:${port}`,
    tls: {},
    authorization: () => Promise.resolve("Bearer canary-token"),
    namespace: "default",
  };
  return {
    connection,
    seen,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => {
        server.close(done);
      });
    },
  };
};

export const status = (code: number, reason: string, message: string) => ({
  kind: "Status",
  apiVersion: "v1",
  status: "Failure",
  code,
  reason,
  message,
});
