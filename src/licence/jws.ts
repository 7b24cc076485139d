import { CompactSign, compactVerify, errors } from "jose";
import { z } from "zod";
import type { SigningKey, VerifyKeys } from "./keys.ts";

/** One type per purpose, so that nothing signed for one can ever be used as another. */
export const TYP = {
  order: "ashat-order+jwt",
  read: "ashat-read+jwt",
  licence: "ashat-licence+jwt",
  seal: "ashat-seal+jwt",
  checkpoint: "ashat-checkpoint+jwt",
  ledger: "ashat-ledger+jwt",
} as const;
export type Typ = (typeof TYP)[keyof typeof TYP];

/** The only algorithm, in signing and in verifying; what a token says about itself never chooses one. */
const ALGORITHM = "EdDSA";
const MAX_LENGTH = 16_384;

export const signJws = (key: SigningKey, typ: Typ, claims: object): Promise<string> =>
  new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader({ alg: ALGORITHM, typ, kid: key.kid })
    .sign(key.key);

export type Verified =
  | { readonly ok: true; readonly payload: unknown; readonly kid: string }
  | { readonly ok: false; readonly reason: "Malformed" | "SignatureInvalid"; readonly message: string };

const malformed = (message: string): Verified => ({ ok: false, reason: "Malformed", message });
const invalid = (message: string): Verified => ({ ok: false, reason: "SignatureInvalid", message });

/** Base64url has spare bits at its end; only one spelling of the bytes is accepted, so every changed letter shows. */
const canonical = (part: string): boolean => Buffer.from(part, "base64url").toString("base64url") === part;

/** The whole of a header. What else one may say (`crit`, `jku`, `x5u`, `jwk`, ...) asks the reader to trust it in another way. */
const Header = z.strictObject({ alg: z.unknown(), typ: z.unknown(), kid: z.string().optional() });

/** JSON in the one spelling that we write it in: a member given twice, or a number that is read as another, is no text of ours. */
const readJson = (bytes: Uint8Array): unknown => {
  const text = new TextDecoder("utf8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const value: unknown = JSON.parse(text);
  if (JSON.stringify(value) !== text) throw new SyntaxError("not in the one spelling");
  return value;
};

/** Proves that `jws` was signed by one of `keys` as a `typ`. It does not look at the claims. */
export const verifyJws = async (jws: string, typ: Typ, keys: VerifyKeys): Promise<Verified> => {
  if (jws.length > MAX_LENGTH) return malformed(`The signed text is longer than ${MAX_LENGTH} characters.`);
  const parts = jws.split(".");
  if (parts.length !== 3 || parts[0] === "" || parts[1] === "" || !parts.every(canonical)) {
    return malformed("The signed text is not a compact JWS: three parts in base64url, joined by dots.");
  }
  let value: unknown;
  try {
    value = readJson(Buffer.from(parts[0] ?? "", "base64url"));
  } catch {
    return malformed("The header of the signed text cannot be read.");
  }
  const parsed = Header.safeParse(value);
  if (!parsed.success) return invalid("The header of the signed text says more than alg, typ and kid.");
  const header = parsed.data;
  if (header.alg !== ALGORITHM)
    return invalid(`The signature algorithm ${JSON.stringify(header.alg)} is not accepted; only ${ALGORITHM} is.`);
  if (header.typ !== typ)
    return invalid(`The signed text is a ${JSON.stringify(header.typ)}; here a ${typ} is needed.`);
  const { kid } = header;
  const key = kid === undefined ? undefined : keys.get(kid);
  if (kid === undefined || key === undefined) return invalid("The signed text names no key that is trusted here.");
  try {
    const { payload } = await compactVerify(jws, key, { algorithms: [ALGORITHM] });
    return { ok: true, kid, payload: readJson(payload) };
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed)
      return invalid(`The signature does not belong to key ${kid}: the text was changed, or another key signed it.`);
    return malformed("The signed text cannot be read.");
  }
};
