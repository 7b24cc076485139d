import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey } from "jose";
import { z } from "zod";

const b64u32 = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "must be 32 bytes in base64url");
const PublicJwk = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: b64u32,
  kid: z.string().max(128).optional(),
});
const PrivateJwk = PublicJwk.extend({ d: b64u32 });
const Jwks = z.object({ keys: z.array(z.looseObject({})).min(1).max(64) });

/** A private Ed25519 key; `kid` is the RFC 7638 thumbprint, computed and never taken from the file. */
export interface SigningKey {
  readonly kid: string;
  readonly key: CryptoKey;
}

/** The public keys one believes, by thumbprint. */
export type VerifyKeys = ReadonlyMap<string, CryptoKey>;

export class KeyError extends Error {
  override readonly name = "KeyError";
}

const parseJson = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new KeyError(`${what} is not JSON. Make one with: ashat licence keygen --out <dir>`);
  }
};

const importKey = async (jwk: Readonly<Record<"kty" | "crv" | "x", string> & { d?: string }>): Promise<CryptoKey> => {
  const key = await importJWK({ ...jwk, alg: "EdDSA" }, "EdDSA");
  if (key instanceof Uint8Array) throw new KeyError("The key is a shared secret; an Ed25519 key pair is needed.");
  return key;
};

const thumbprint = ({ kty, crv, x }: z.infer<typeof PublicJwk>): Promise<string> =>
  calculateJwkThumbprint({ kty, crv, x });

/** Reads a private JWK from its text; messages never quote the text. */
export const parseSigningKey = async (text: string, what = "The signing key"): Promise<SigningKey> => {
  const parsed = PrivateJwk.safeParse(parseJson(text, what));
  if (!parsed.success) {
    throw new KeyError(
      `${what} is not a private Ed25519 JWK (kty OKP, crv Ed25519, x, d). Make one with: ashat licence keygen --out <dir>`,
    );
  }
  const { kty, crv, x, d } = parsed.data;
  return { kid: await thumbprint(parsed.data), key: await importKey({ kty, crv, x, d }) };
};

/** Reads a JWKS of public keys; one that holds a private part is refused, for it was about to be handed around. */
export const parseJwks = async (text: string, what = "The JWKS"): Promise<VerifyKeys> => {
  const set = Jwks.safeParse(parseJson(text, what));
  if (!set.success) throw new KeyError(`${what} is not a JWKS: {"keys": [...]} with 1 to 64 keys is needed.`);
  const keys = new Map<string, CryptoKey>();
  for (const [index, entry] of set.data.keys.entries()) {
    if ("d" in entry)
      throw new KeyError(
        `${what} holds a private key (entry ${index}). Put only public keys there and replace that key pair.`,
      );
    const jwk = PublicJwk.safeParse(entry);
    if (!jwk.success)
      throw new KeyError(`${what}, entry ${index}, is not a public Ed25519 key (kty OKP, crv Ed25519, x).`);
    const kid = await thumbprint(jwk.data);
    if (jwk.data.kid !== undefined && jwk.data.kid !== kid) {
      throw new KeyError(`${what}, entry ${index}, has kid ${jwk.data.kid}, but the thumbprint of the key is ${kid}.`);
    }
    const { kty, crv, x } = jwk.data;
    keys.set(kid, await importKey({ kty, crv, x }));
  }
  return keys;
};

export interface KeyPairText {
  readonly kid: string;
  /** Private JWK, for the signer only. */
  readonly privateJwk: string;
  /** JWKS with the public key, for everyone who verifies. */
  readonly jwks: string;
}

export const generateKeys = async (): Promise<KeyPairText> => {
  const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const { kty, crv, x, d } = PrivateJwk.parse(await exportJWK(privateKey));
  const kid = await thumbprint({ kty, crv, x });
  const shared = { kty, crv, x, kid, use: "sig", alg: "EdDSA" };
  return {
    kid,
    privateJwk: `${JSON.stringify({ ...shared, d })}\n`,
    jwks: `${JSON.stringify({ keys: [shared] }, null, 2)}\n`,
  };
};
