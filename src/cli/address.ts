import { usage } from "./no.ts";

/** An address as it was typed, when it is one; `plain` where http:// is accepted for it. */
export function addressFrom(typed: string, what: string, plain: boolean): string {
  const url = URL.parse(typed);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    throw usage(`${typed.slice(0, 100)} is no address of ${what}: it is https://<host>[:<port>].`);
  if (url.username !== "" || url.password !== "" || typed.includes("@"))
    throw usage(
      `The address of ${what} must not carry a user or a password: who may do what is decided by certificates and roles.`,
    );
  if (url.protocol === "http:" && !plain)
    throw usage(
      `${what} is reached by https:// only: http:// is accepted for ALPHA and Public servers, and what is read there can be changed on the way.`,
    );
  if (/\s/.test(typed) || url.hash !== "")
    throw usage(`${typed.slice(0, 100)} is no address of ${what}: it has blanks or a # in it.`);
  return typed;
}

const AGENT_PORT = 7443;

/** Where the agent of a target listens where nothing else is said. */
export const agentBeside = (url: string): string => `https://${new URL(url).hostname}:${AGENT_PORT}`;

/** A pin as `openssl` and `sha256sum` print it. */
export function pinFrom(typed: string): string {
  const pin = typed.replaceAll(":", "").toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(pin))
    throw usage(
      "--pin is the SHA-256 of the certificate: 64 hex digits, as this prints it:",
      "openssl s_client -connect <host>:<port> </dev/null 2>/dev/null | openssl x509 -outform der | sha256sum",
    );
  return pin;
}
