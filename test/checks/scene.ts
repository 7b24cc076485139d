import { createServer as createPlain, type RequestListener, type Server } from "node:http";
import { createServer as createSecure, type ServerOptions } from "node:https";
import { createServer as createRaw, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { Checks } from "../../src/api/checks.ts";
import type { Subject } from "../../src/checks/check.ts";
import { ANY_ADDRESS } from "../../src/dial/address-rules.ts";
import { realWorld, type World } from "../../src/checks/world.ts";
import { createCa, issue, type Subject as Named } from "../cluster/pki.ts";

export interface Identity {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly sha256: string;
}

/** A CA of its own and a certificate for this machine, or for whom the test says. */
export const identity = async (named: Partial<Named> = {}): Promise<Identity> => {
  const ca = await createCa("scene authority");
  const own = await issue(ca, { commonName: "scene", dns: ["localhost"], ips: ["127.0.0.1"], ...named });
  return { ca: ca.certPem, cert: own.certPem, key: own.keyPem, sha256: own.sha256 };
};

const listen = async (server: {
  listen: (port: number, host: string, done: () => void) => unknown;
  address: () => AddressInfo | string | null;
  close: (done: () => void) => unknown;
}): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
};

type Finished = (work: () => Promise<void>) => void;

const closing = (server: Server, finished: Finished): void =>
  finished(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );

/** A real HTTP server until the end of the test; its URL. A test that runs beside others gives its own `onTestFinished`. */
export const plainServer = async (listener: RequestListener, finished: Finished = onTestFinished): Promise<string> => {
  const server = createPlain(listener);
  closing(server, finished);
  return `http://127.0.0.1:${await listen(server)}`;
};

export const secureServer = async (
  who: Identity,
  listener: RequestListener,
  options: ServerOptions = {},
): Promise<string> => {
  const server = createSecure({ cert: who.cert, key: who.key, ...options }, listener);
  closing(server, onTestFinished);
  return `https://127.0.0.1:${await listen(server)}`;
};

/** A server that speaks whatever the test makes it speak. */
export const rawServer = async (speak: (socket: Socket) => void): Promise<number> => {
  const open = new Set<Socket>();
  const server = createRaw((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    speak(socket);
  });
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  );
  return listen(server);
};

/** A port on which nobody listens. */
export const deadPort = async (): Promise<number> => {
  const server = createRaw();
  const port = await listen(server);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
};

export const subject = (
  url: string,
  checks: Readonly<Record<string, unknown>>,
  rest: Partial<Subject> = {},
): Subject => ({
  url,
  trust: {},
  addresses: ANY_ADDRESS,
  version: "9.4.2",
  checks: Checks.parse(checks),
  ...rest,
});

/** The real world, except that nobody waits between two tries. */
export const hurried = (signal: AbortSignal): World => ({ ...realWorld(signal), pause: () => Promise.resolve() });

export const never: AbortSignal = new AbortController().signal;
