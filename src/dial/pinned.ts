import { TLSSocket } from "node:tls";
import { Agent, buildConnector } from "undici";
import { refusalOfHost, type AddressRules } from "./address-rules.ts";
import { judgedLookup } from "./judged-lookup.ts";
import { pinMismatch, WrongCertificateError, type Trust } from "./trust.ts";

export interface DialLimits {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly bodyMs: number;
  /** Accept `http://`, which proves nothing about the peer; refused together with a pin or a CA. */
  readonly plain?: boolean;
  /** Connections per origin; default 4. */
  readonly connections?: number;
}

/**
 * A connector for undici that connects only to an address the rules allow, and hands a socket over only when the peer is the
 * trusted one, so no byte of a request reaches anyone else. Sessions are not resumed: every connection shows its certificate.
 */
export const pinnedConnector = (
  trust: Trust,
  limits: Pick<DialLimits, "connectMs" | "plain">,
  addresses: AddressRules,
): buildConnector.connector => {
  const pinOnly = trust.sha256 !== undefined && trust.ca === undefined;
  const connectors = new Map<number, buildConnector.connector>();
  const connectorFor = (port: number): buildConnector.connector => {
    const connector =
      connectors.get(port) ??
      buildConnector({
        timeout: limits.connectMs,
        allowH2: false,
        maxCachedSessions: 0,
        minVersion: "TLSv1.2",
        rejectUnauthorized: !pinOnly,
        lookup: judgedLookup(addresses, port),
        ...(trust.ca === undefined ? {} : { ca: trust.ca }),
      });
    connectors.set(port, connector);
    return connector;
  };
  return (options, callback) => {
    const port = Number(options.port || (options.protocol === "https:" ? 443 : 80));
    // A socket asks no resolver about a host that is an address.
    const refusal = refusalOfHost(addresses, options.hostname, port);
    if (refusal !== undefined) return callback(refusal, null);
    const connect = connectorFor(port);
    const where = `${options.hostname}:${options.port || "443"}`;
    if (options.protocol !== "https:") {
      const secured = trust.sha256 !== undefined || trust.ca !== undefined;
      if (limits.plain === true && !secured) return connect(options, callback);
      return callback(
        new WrongCertificateError(`${where} was asked for over http://, which proves no certificate; use https://.`),
        null,
      );
    }
    return connect(options, (...[error, socket]: Parameters<buildConnector.Callback>) => {
      if (error !== null) return callback(error, null);
      if (!(socket instanceof TLSSocket)) {
        socket.destroy();
        return callback(new WrongCertificateError(`${where} did not speak TLS.`), null);
      }
      const wrong = trust.sha256 === undefined ? undefined : pinMismatch(socket, trust.sha256, where);
      if (wrong === undefined) return callback(null, socket);
      socket.destroy();
      return callback(wrong, null);
    });
  };
};

/** An undici dispatcher for one trust; close it when done. It follows no redirects. */
export const pinnedAgent = (trust: Trust, limits: DialLimits, addresses: AddressRules): Agent =>
  new Agent({
    connect: pinnedConnector(trust, limits, addresses),
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.bodyMs,
    connections: limits.connections ?? 4,
    pipelining: 1,
    keepAliveTimeout: 4_000,
    maxHeaderSize: 16_384,
  });
