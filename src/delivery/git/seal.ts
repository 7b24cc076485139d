import { createHmac, timingSafeEqual } from "node:crypto";
import { derivedSecret } from "../../licence/derived-secret.ts";
import type { SigningKey } from "../../licence/keys.ts";

/**
 * Proves that the words of a commit are of an operator with the same order key: whoever may push to a repository may write any words, and what
 * they say counts as delivered.
 */
export interface CommitSeal {
  readonly of: (trailers: readonly string[]) => string;
  readonly holds: (trailers: readonly string[], seal: string) => boolean;
}

/** 128 bits, in hex: a trailer is read by people, too. */
const BYTES = 16;

export async function createCommitSeal(key: SigningKey): Promise<CommitSeal> {
  const secret = await derivedSecret(key, {
    purpose: "proof of what was delivered by commits",
    info: "ashat seal of commits",
  });
  const macOf = (trailers: readonly string[]): Buffer =>
    createHmac("sha256", secret).update(JSON.stringify(trailers)).digest().subarray(0, BYTES);
  return {
    of: (trailers) => macOf(trailers).toString("hex"),
    holds: (trailers, seal) =>
      /^[0-9a-f]{32}$/.test(seal) && timingSafeEqual(macOf(trailers), Buffer.from(seal, "hex")),
  };
}
