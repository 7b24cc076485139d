import { ClusterRefused } from "../delivery/kubernetes/cluster-refused.ts";
import { AddressRefusedError } from "../dial/address-rules.ts";
import { TrustMissing } from "./trust.ts";

interface Unasked {
  readonly state: "NotAnswered";
  readonly reason: string;
  readonly message: string;
}

const unasked = (reason: string, { message }: Error): Unasked => ({ state: "NotAnswered", reason, message });

/** A target that cannot even be asked, for want of a Secret or because its address is refused, is as good as silent. */
export async function orUnasked<T>(ask: () => Promise<T>): Promise<T | Unasked> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof TrustMissing) return unasked("TrustMissing", error);
    if (error instanceof ClusterRefused) return unasked("ClusterRefused", error);
    if (error instanceof AddressRefusedError) return unasked("AddressRefused", error);
    throw error;
  }
}
