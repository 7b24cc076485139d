import { createHash } from "node:crypto";
import canonicalize from "canonicalize";

/** SHA-256 in hex over the canonical JSON (RFC 8785) of a value; `undefined` members do not count. */
export function hashOf(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("only a JSON value can be hashed");
  return sha256(text);
}

export const sha256 = (text: string | Uint8Array): string => createHash("sha256").update(text).digest("hex");
