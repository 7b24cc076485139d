import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export interface Registry {
  /** Host and port, as the name of an image begins. */
  readonly host: string;
  /** Manifests by `<name>:<tag>`. */
  readonly manifests: ReadonlyMap<string, Buffer>;
  readonly blobs: ReadonlyMap<string, Buffer>;
  readonly stop: () => Promise<void>;
}

const digestOf = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** A registry that images are pushed to, by plain HTTP: of the distribution protocol what a push takes. */
export async function startRegistry(): Promise<Registry> {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, Buffer>();
  const uploads = new Map<string, Buffer>();

  const answer = async (request: IncomingMessage): Promise<readonly [number, Record<string, string>]> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://registry");
    const body = await buffer(request);
    const [, name = "", what = "", last = ""] =
      /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests)\/(.*)$/.exec(pathname) ?? [];
    if (name === "") return [200, {}];
    if (what === "blobs/uploads") {
      const id = last === "" ? randomUUID() : last;
      const so = Buffer.concat([uploads.get(id) ?? Buffer.alloc(0), body]);
      const digest = searchParams.get("digest");
      if (digest === null) {
        uploads.set(id, so);
        return [202, { location: `/v2/${name}/blobs/uploads/${id}`, range: `0-${Math.max(0, so.length - 1)}` }];
      }
      if (digestOf(so) !== digest) return [400, {}];
      uploads.delete(id);
      blobs.set(digest, so);
      return [201, { location: `/v2/${name}/blobs/${digest}`, "docker-content-digest": digest }];
    }
    if (what === "manifests" && request.method === "PUT") {
      manifests.set(`${name}:${last}`, body);
      return [201, { "docker-content-digest": digestOf(body) }];
    }
    const known = what === "blobs" ? blobs.get(last) : manifests.get(`${name}:${last}`);
    return known === undefined ? [404, {}] : [200, { "content-length": String(known.length) }];
  };

  const server = createServer((request, response) => {
    void answer(request).then(([status, headers]) => response.writeHead(status, headers).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    manifests,
    blobs,
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
