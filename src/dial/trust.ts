import { createHash, timingSafeEqual } from "node:crypto";
import type { TLSSocket } from "node:tls";

/**
 * Whom to believe at the other end. A pin (SHA-256 of the leaf certificate, DER, hex) replaces chain and name, for a server
 * known by IP; a CA (PEM) replaces the system's; both given, both must hold; none given, the system's roots decide.
 */
export interface Trust {
  readonly sha256?: string;
  readonly ca?: string;
}

export class WrongCertificateError extends Error {
  override readonly name = "WrongCertificateError";
  readonly code = "ASHAT_WRONG_CERTIFICATE";
}

/** Node's codes for a chain or a name that does not hold; a handshake that breaks otherwise is no statement about it. */
const VERIFY_CODES = new Set([
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_EXCEEDED",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

export const isWrongCertificate = (error: unknown): boolean =>
  error instanceof WrongCertificateError ||
  (error instanceof Error && "code" in error && typeof error.code === "string" && VERIFY_CODES.has(error.code));

const normalPin = (pin: string): string => pin.replaceAll(":", "").toLowerCase();

/** The pin of a certificate as users write it: `openssl x509 -outform der | sha256sum`. */
export const pinOf = (der: Uint8Array): string => createHash("sha256").update(der).digest("hex");

/** Compares the certificate the peer has proved to hold with the pin; undefined when it is the one. */
export const pinMismatch = (socket: TLSSocket, pin: string, where: string): WrongCertificateError | undefined => {
  const raw: unknown = socket.getPeerCertificate().raw;
  if (!(raw instanceof Uint8Array)) return new WrongCertificateError(`${where} showed no certificate.`);
  const found = pinOf(raw);
  const wanted = normalPin(pin);
  if (found.length === wanted.length && timingSafeEqual(Buffer.from(found), Buffer.from(wanted))) return undefined;
  return new WrongCertificateError(
    `${where} shows the certificate with SHA-256 ${found}, but ${wanted} is pinned. ` +
      "If the server has a new certificate, whoever administers the target writes the new value to tls.sha256.",
  );
};
