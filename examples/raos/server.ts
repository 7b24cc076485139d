import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createAdmin, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { openDatabase } from "./database.ts";
import { loadRelease, type LoadedRelease } from "./loaded.ts";

export interface RaosOptions {
  /** The agent's root: what is served is `<root>/<app>/main/current`. */
  readonly root: string;
  readonly app?: string;
  readonly host?: string;
  readonly port?: number;
  /** Loopback only; a POST to `/-/reload` loads the release that `current` names. */
  readonly adminPort?: number;
  readonly tls: { readonly cert: string; readonly key: string };
  readonly databaseUrl?: string;
}

export interface RaosServer {
  readonly port: number;
  readonly adminPort: number;
  readonly reload: () => Promise<string>;
  readonly close: () => Promise<void>;
}

const HEADERS = {
  "content-type": "application/json; charset=utf-8",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
} as const;

const send = (response: ServerResponse, status: number, body: unknown): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, { ...HEADERS, "content-length": Buffer.byteLength(text) });
  response.end(text);
};

/** Starts the sample; without a release it answers 503 until the first one is there. */
export const startRaos = async ({
  root,
  app = "default",
  host = "127.0.0.1",
  port = 0,
  adminPort = 0,
  tls,
  databaseUrl,
}: RaosOptions): Promise<RaosServer> => {
  const current = join(root, app, "main", "current");
  const database = openDatabase(databaseUrl);
  let running: LoadedRelease | undefined;
  /** Reloads take turns, so that an older release can never come in last. */
  let last: Promise<unknown> = Promise.resolve();

  /** The new release is complete in memory before the first request sees it; a failed load leaves the old one. */
  const reload = (): Promise<string> => {
    const turn = last.catch(() => undefined).then(() => loadRelease(current));
    last = turn;
    return turn.then((release) => {
      running = release;
      return release.version;
    });
  };

  const answer = async (
    release: LoadedRelease | undefined,
    { method, url = "/" }: IncomingMessage,
  ): Promise<readonly [number, unknown]> => {
    if (method !== "GET" && method !== "HEAD") return [405, { error: "only GET and HEAD" }];
    if (release === undefined) return [503, { status: "empty", error: "no release is installed yet" }];
    const path = url.split("?", 1)[0] ?? "/";
    const { version, modules, routes, health } = release;
    if (path === "/" || path === "/healthz") {
      const { ok, reason } = health();
      return ok ? [200, { status: "ok", version }] : [500, { status: "unwell", version, reason }];
    }
    if (path === "/api/modules") return [200, modules.map(({ name, version, loaded }) => ({ name, version, loaded }))];
    const handle = routes.get(path);
    return handle === undefined ? [404, { error: "not found" }] : [200, await handle({ query: database.query })];
  };

  const server = createServer({ ...tls, minVersion: "TLSv1.2", keepAliveTimeout: 10_000 }, (request, response) => {
    // A request is answered by the release it met, whatever is switched to meanwhile.
    answer(running, request)
      .catch((): readonly [number, unknown] => [503, { error: "this part does not work at the moment" }])
      .then(([status, body]) => send(response, status, body))
      .catch(() => response.destroy());
  });
  const admin = createAdmin((request, response) => {
    if (request.method !== "POST" || request.url !== "/-/reload")
      return send(response, 404, { error: "POST /-/reload" });
    reload().then(
      (version) => send(response, 200, { version }),
      (error: unknown) => send(response, 500, { error: error instanceof Error ? error.message : String(error) }),
    );
  });

  await reload().catch(() => undefined);
  server.listen(port, host);
  admin.listen(adminPort, "127.0.0.1");
  await Promise.all([once(server, "listening"), once(admin, "listening")]);
  return {
    port: (server.address() as AddressInfo).port,
    adminPort: (admin.address() as AddressInfo).port,
    reload,
    close: async () => {
      const closed = Promise.all([once(server, "close"), once(admin, "close")]);
      server.close();
      admin.close();
      server.closeAllConnections();
      admin.closeAllConnections();
      await closed;
      await database.close();
    },
  };
};

const need = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === "") {
    console.error(
      `${name} is not set. Needed: RAOS_ROOT, RAOS_CERT_FILE, RAOS_KEY_FILE; optional: RAOS_APP, RAOS_HOST, RAOS_PORT, RAOS_ADMIN_PORT, DATABASE_URL.`,
    );
    process.exit(2);
  }
  return value;
};

if (import.meta.main) {
  const { RAOS_APP, RAOS_HOST, RAOS_PORT = "8443", RAOS_ADMIN_PORT = "8081", DATABASE_URL } = process.env;
  const raos = await startRaos({
    root: need("RAOS_ROOT"),
    tls: { cert: readFileSync(need("RAOS_CERT_FILE"), "utf8"), key: readFileSync(need("RAOS_KEY_FILE"), "utf8") },
    port: Number(RAOS_PORT),
    adminPort: Number(RAOS_ADMIN_PORT),
    ...(RAOS_APP === undefined ? {} : { app: RAOS_APP }),
    ...(RAOS_HOST === undefined ? {} : { host: RAOS_HOST }),
    ...(DATABASE_URL === undefined ? {} : { databaseUrl: DATABASE_URL }),
  });
  console.log(JSON.stringify({ port: raos.port, adminPort: raos.adminPort }));
  process.on("SIGHUP", () => void raos.reload().catch((error: unknown) => console.error("reload failed:", error)));
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void raos.close());
}
