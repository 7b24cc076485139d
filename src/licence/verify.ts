import type { z } from "zod";
import { OrderClaims, parseOrderKey, ReadClaims, type RefusalReason } from "../api/order.ts";
import { problems } from "../api/problems.ts";
import { TYP, verifyJws, type Typ } from "./jws.ts";
import type { VerifyKeys } from "./keys.ts";

export type Checked<Claims> =
  | { readonly ok: true; readonly claims: Claims }
  | { readonly ok: false; readonly reason: RefusalReason; readonly message: string };

interface Situation {
  /** The name of the agent that was asked. */
  readonly aud: string;
  readonly now: Date;
}

interface Term {
  readonly aud: string;
  readonly nbf?: number;
  readonly exp: number;
}

const no = (reason: RefusalReason, message: string): Checked<never> => ({ ok: false, reason, message });

const check = async <Claims extends Term>(
  jws: string,
  typ: Typ,
  schema: z.ZodType<Claims>,
  keys: VerifyKeys,
  { aud, now }: Situation,
): Promise<Checked<Claims>> => {
  const signed = await verifyJws(jws, typ, keys);
  if (!signed.ok) return no("Unauthorized", signed.message);
  const parsed = schema.safeParse(signed.payload);
  if (!parsed.success) return no("Malformed", `The signed text is not well formed: ${problems(parsed.error)}`);
  const claims = parsed.data;
  if (claims.aud !== aud)
    return no(
      "WrongAudience",
      `This is for ${claims.aud}, but this agent is ${aud}. Check the agent's URL of ${claims.aud}.`,
    );
  const at = now.getTime() / 1000;
  if (!(at < claims.exp))
    return no(
      "Expired",
      `This ended at ${new Date(claims.exp * 1000).toISOString()}; the clock here says ${now.toISOString()}.`,
    );
  if (claims.nbf !== undefined && !(at >= claims.nbf)) {
    return no(
      "NotYetValid",
      `This begins at ${new Date(claims.nbf * 1000).toISOString()}; the clock here says ${now.toISOString()}.`,
    );
  }
  return { ok: true, claims };
};

/** An order is one when a trusted key signed it for this agent and this time, and its key says what its claims say. */
export const verifyOrder = async (
  jws: string,
  keys: VerifyKeys,
  situation: Situation,
): Promise<Checked<OrderClaims>> => {
  const checked = await check(jws, TYP.order, OrderClaims, keys, situation);
  if (!checked.ok) return checked;
  const { key, app, layer, sequence } = checked.claims;
  const parts = parseOrderKey(key);
  if (parts?.app === app && parts.layer === layer && parts.sequence === sequence) return checked;
  return {
    ok: false,
    reason: "KeyMismatch",
    message: `The order key ${key} does not name app ${app}, layer ${layer}, sequence ${sequence}.`,
  };
};

export const verifyRead = (jws: string, keys: VerifyKeys, situation: Situation): Promise<Checked<ReadClaims>> =>
  check(jws, TYP.read, ReadClaims, keys, situation);
