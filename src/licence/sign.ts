import { OrderClaims, ReadClaims } from "../api/order.ts";
import { signJws, TYP } from "./jws.ts";
import type { SigningKey } from "./keys.ts";

/** An order that names a sequence, an archive and a target, for as long as `exp` says. */
export const signOrder = (key: SigningKey, claims: OrderClaims): Promise<string> =>
  signJws(key, TYP.order, OrderClaims.parse(claims));

/** Leave to read reports and status of `aud`; it can order nothing. */
export const signRead = (
  key: SigningKey,
  { aud, now, seconds = 120 }: { readonly aud: string; readonly now: Date; readonly seconds?: number },
): Promise<string> => {
  const claims: ReadClaims = { aud, purpose: "read", exp: Math.floor(now.getTime() / 1000) + seconds };
  return signJws(key, TYP.read, ReadClaims.parse(claims));
};

/** From and until when an order counts: a minute back, because clocks differ. */
export const orderTerm = (now: Date, seconds = 600): { readonly nbf: number; readonly exp: number } => {
  const at = Math.floor(now.getTime() / 1000);
  return { nbf: at - 60, exp: at + seconds };
};
