import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Issued } from "../cluster/pki.ts";

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export interface FileServer {
  readonly port: number;
  readonly url: (path: string) => string;
  /** Serves bytes, or behaves as told, under a path. */
  readonly put: (path: string, what: Uint8Array | Behaviour) => void;
  /** How often each path was asked for. */
  readonly asked: ReadonlyMap<string, number>;
  readonly close: () => Promise<void>;
}

/** A real HTTPS server for archives, which can also behave as badly as real ones do. */
export const startFileServer = async (certificate: Issued): Promise<FileServer> => {
  const files = new Map<string, Uint8Array | Behaviour>();
  const asked = new Map<string, number>();
  const server = createServer({ cert: certificate.certPem, key: certificate.keyPem }, (request, response) => {
    const path = request.url ?? "/";
    asked.set(path, (asked.get(path) ?? 0) + 1);
    const what = files.get(path);
    if (what === undefined) return response.writeHead(404).end("nothing here");
    if (typeof what === "function") return what(request, response);
    return response.writeHead(200, { "content-type": "application/gzip", "content-length": what.length }).end(what);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: (path) => `https://127.0.0.1:${port}${path}`,
    put: (path, what) => void files.set(path, what),
    asked,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
