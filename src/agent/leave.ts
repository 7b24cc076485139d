import type { FailureReason, OrderClaims } from "../api/order.ts";
import type { VerifyKeys } from "../licence/keys.ts";
import { verifyLicence } from "../licence/licence.ts";

export interface Judge {
  /** The name of the agent. */
  readonly name: string;
  /** Present where an order needs a licence. */
  readonly licenceKeys?: () => Promise<VerifyKeys>;
  readonly now: () => Date;
}

type Lack = { readonly reason: Extract<FailureReason, "Expired" | `Licence${string}`>; readonly message: string };

/** Why the licence of an order lets nothing be delivered now; undefined where it does, or where none is needed. What ran before may always run again. */
export const lacksLicence = async (order: OrderClaims, { name, licenceKeys, now }: Judge) => {
  if (licenceKeys === undefined || order.action === "restore") return undefined;
  const { licence, version } = order;
  const verdict = await verifyLicence(licence, await licenceKeys(), { mainframe: name, version, now: now() });
  return verdict.valid ? undefined : verdict;
};

/** Why there is no leave to switch under an order that was taken earlier; undefined where there is. */
export const lacksLeave = async (order: OrderClaims, judge: Judge): Promise<Lack | undefined> => {
  const now = judge.now();
  const ends = new Date(order.exp * 1000);
  if (now.getTime() < ends.getTime()) return lacksLicence(order, judge);
  const again = order.action === "deliver" ? "makes a new update" : "asks for the rollback again";
  return {
    reason: "Expired",
    message: `The order for ${order.version} counted until ${ends.toISOString()}, and the clock of the target says ${now.toISOString()}; whoever still wants it there ${again}.`,
  };
};
