import { z } from "zod";
import { problems } from "../api/problems.ts";
import { signJws, TYP, verifyJws } from "./jws.ts";
import type { SigningKey, VerifyKeys } from "./keys.ts";

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const whole = z.number().int().min(0);

/** One chain: its update, the update's uid, how many records it had, and the hash of the newest. */
const SignedHead = z.tuple([z.string().min(1).max(253), z.string().min(1).max(64), whole.min(1), hash]);
export type SignedHead = z.infer<typeof SignedHead>;

/** What the records of a namespace were at a time. It names chains as many as a line holds; the counts and the digest are of all. */
export const CheckpointClaims = z.strictObject({
  time: z.iso.datetime(),
  by: z.string().min(1).max(253),
  namespace: z.string().min(1).max(63),
  chains: whole,
  records: whole,
  sha256: hash,
  heads: z.array(SignedHead),
});
export type CheckpointClaims = z.infer<typeof CheckpointClaims>;

export const signCheckpoint = (key: SigningKey, claims: CheckpointClaims): Promise<string> =>
  signJws(key, TYP.checkpoint, claims);

export type Checkpointed =
  { readonly ok: true; readonly claims: CheckpointClaims } | { readonly ok: false; readonly message: string };

/** Proves that the operator whose keys these are said so. */
export const verifyCheckpoint = async (jws: string, keys: VerifyKeys): Promise<Checkpointed> => {
  const signed = await verifyJws(jws, TYP.checkpoint, keys);
  if (!signed.ok) return signed;
  const parsed = CheckpointClaims.safeParse(signed.payload);
  return parsed.success ? { ok: true, claims: parsed.data } : { ok: false, message: problems(parsed.error) };
};
