import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect, type ConnectionOptions, type SecureVersion } from "node:tls";
import { refusalOfHost, type AddressRules } from "../dial/address-rules.ts";
import { judgedLookup } from "../dial/judged-lookup.ts";
import type { Trust } from "../dial/trust.ts";
import { codeOf } from "./trouble.ts";

export interface Handshake {
  readonly protocol: string;
  readonly cipher: string;
  readonly certificate: X509Certificate;
  /** Why chain or name do not hold; undefined when they do. */
  readonly distrust: string | undefined;
}

const DEADLINE_MS = 10_000;

const placeOf = (url: string, addresses: AddressRules): ConnectionOptions => {
  const { hostname, port: written } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const port = written === "" ? 443 : Number(written);
  const refusal = refusalOfHost(addresses, host, port);
  if (refusal !== undefined) throw refusal;
  return {
    host,
    port,
    lookup: judgedLookup(addresses, port),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ["http/1.1"],
  };
};

/** Shakes hands without judging and sends nothing: for looking at a certificate, never for talking. */
const shake = (options: ConnectionOptions, signal: AbortSignal): Promise<Handshake> =>
  new Promise((resolve, reject) => {
    const socket = connect({ ...options, rejectUnauthorized: false });
    const stop = (): void =>
      void socket.destroy(Object.assign(new Error("no handshake in time"), { code: "ETIMEDOUT" }));
    const deadline = setTimeout(stop, DEADLINE_MS);
    const leave = (): void => {
      clearTimeout(deadline);
      signal.removeEventListener("abort", stop);
    };
    signal.addEventListener("abort", stop, { once: true });
    socket.once("error", (error) => {
      leave();
      reject(error);
    });
    socket.once("close", () => {
      leave();
      reject(Object.assign(new Error("closed during the handshake"), { code: "ECONNRESET" }));
    });
    socket.once("secureConnect", () => {
      leave();
      const certificate = socket.getPeerX509Certificate();
      const { authorizationError } = socket;
      const distrust = socket.authorized ? undefined : String(codeOf(authorizationError) ?? authorizationError);
      const found = certificate && {
        protocol: socket.getProtocol() ?? "unknown",
        cipher: socket.getCipher().name,
        certificate,
        distrust,
      };
      socket.destroy();
      if (found === undefined) reject(new Error("the server showed no certificate"));
      else resolve(found);
    });
  });

/** Where to shake hands, and how the other end is known. */
interface Peer {
  readonly url: string;
  readonly trust: Trust;
  readonly addresses: AddressRules;
}

export const handshake = async ({ url, trust, addresses }: Peer, signal: AbortSignal): Promise<Handshake> =>
  shake(
    { ...placeOf(url, addresses), minVersion: "TLSv1.2", ...(trust.ca === undefined ? {} : { ca: trust.ca }) },
    signal,
  );

/** Codes by which our own TLS library says that it cannot even offer such an old version. */
const CANNOT_TRY = new Set([
  "ERR_SSL_NO_PROTOCOLS_AVAILABLE",
  "ERR_SSL_NO_CIPHERS_AVAILABLE",
  "ERR_SSL_UNSUPPORTED_PROTOCOL",
  "ERR_SSL_INTERNAL_ERROR",
]);

/** Tries an outdated version in earnest: the library's own security level would hide a server that still accepts it. */
export const acceptsOld = async (
  { url, addresses }: Pick<Peer, "url" | "addresses">,
  version: SecureVersion,
  signal: AbortSignal,
): Promise<"accepted" | "refused" | "unknown"> => {
  try {
    await shake(
      { ...placeOf(url, addresses), minVersion: version, maxVersion: version, ciphers: "DEFAULT:@SECLEVEL=0" },
      signal,
    );
    return "accepted";
  } catch (error) {
    const code = codeOf(error) ?? "";
    if (code === "ECONNRESET" || code === "EPROTO" || (code.startsWith("ERR_SSL_") && !CANNOT_TRY.has(code)))
      return "refused";
    return "unknown";
  }
};
