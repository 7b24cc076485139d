import { hkdfSync } from "node:crypto";
import { signJws, TYP } from "./jws.ts";
import type { SigningKey } from "./keys.ts";

export interface SecretFor {
  readonly purpose: string;
  readonly info: string;
}

/**
 * A secret that whoever has the order key has, too: for proofs of what an operator wrote down where others may write. Ed25519 signs the same text
 * the same way every time, so it is the same for every replica; the signature that it comes from is never told.
 */
export async function derivedSecret(key: SigningKey, { purpose, info }: SecretFor): Promise<Uint8Array> {
  const seed = await signJws(key, TYP.ledger, { purpose });
  return new Uint8Array(hkdfSync("sha256", seed, "", info, 32));
}
