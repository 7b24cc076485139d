import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { buildRelease, type BuiltRelease, type ReleaseOptions } from "../../examples/raos/release.ts";
import { type Ca, issue } from "../cluster/pki.ts";

/** Where developers put their archives: a small HTTPS server over one folder. */
export interface Archives {
  readonly build: (options: Omit<ReleaseOptions, "dir">) => Promise<BuiltRelease & { readonly url: string }>;
  /** Bytes that no decent tool would build. */
  readonly lay: (file: string, bytes: Uint8Array) => Promise<string>;
  /** From now on whoever fetches this file waits, until the returned function is called. */
  readonly hold: (file: string) => () => void;
  readonly urlOf: (file: string) => string;
  readonly dir: string;
  /** How often each file was fetched. */
  readonly fetched: ReadonlyMap<string, number>;
  readonly stop: () => Promise<void>;
}

export async function startArchives(dir: string, ca: Ca): Promise<Archives> {
  const folder = join(dir, "archives");
  await mkdir(folder, { recursive: true });
  const { certPem, keyPem } = await issue(ca, { commonName: "archives", dns: ["localhost"], ips: ["127.0.0.1"] });
  const fetched = new Map<string, number>();
  const held = new Map<string, Promise<void>>();
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    const file = basename(new URL(request.url ?? "/", "https://archives").pathname);
    fetched.set(file, (fetched.get(file) ?? 0) + 1);
    const free = held.get(file) ?? Promise.resolve();
    free
      .then(() => readFile(join(folder, file)))
      .then(
        (bytes) =>
          response.writeHead(200, { "content-type": "application/gzip", "content-length": bytes.length }).end(bytes),
        () => response.writeHead(404).end(),
      );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const urlOf = (file: string): string => `https://127.0.0.1:${port}/${file}`;
  return {
    dir: folder,
    fetched,
    urlOf,
    build: async (options) => {
      const release = await buildRelease({ ...options, dir: folder });
      return { ...release, url: urlOf(release.file) };
    },
    lay: async (file, bytes) => {
      await writeFile(join(folder, file), bytes);
      return urlOf(file);
    },
    hold: (file) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held.set(file, promise);
      return resolve;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
