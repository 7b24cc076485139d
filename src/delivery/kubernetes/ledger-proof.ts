import { createHmac, timingSafeEqual } from "node:crypto";
import { derivedSecret } from "../../licence/derived-secret.ts";
import type { SigningKey } from "../../licence/keys.ts";

/**
 * Proves that a ledger was written by an operator with the same order key: in a cluster that is delivered to, others may write Secrets, and what
 * a ledger says is applied in the name of an account that may do more than they.
 */
export interface LedgerProof {
  readonly of: (at: LedgerPlace, ledger: string) => string;
  readonly holds: (at: LedgerPlace, ledger: string, proof: string) => boolean;
}

/** A ledger that is copied to another name or namespace proves nothing there. */
export interface LedgerPlace {
  readonly namespace: string;
  readonly name: string;
}

export const createLedgerProof = async (key: SigningKey): Promise<LedgerProof> => {
  const secret = await derivedSecret(key, {
    purpose: "proof of what was delivered to clusters",
    info: "ashat ledger of deliveries",
  });
  const macOf = ({ namespace, name }: LedgerPlace, ledger: string): Buffer =>
    createHmac("sha256", secret)
      .update(JSON.stringify([namespace, name, ledger]))
      .digest();
  return {
    of: (at, ledger) => macOf(at, ledger).toString("base64"),
    holds: (at, ledger, proof) => {
      const given = Buffer.from(proof, "base64");
      const wanted = macOf(at, ledger);
      return given.length === wanted.length && timingSafeEqual(given, wanted);
    },
  };
};
