import type { AgentStatus, OrderReport } from "../api/order.ts";
import type { Trust } from "../dial/trust.ts";

/** Where an agent listens and how to know that it is the one. */
export interface AgentTarget {
  readonly url: string;
  readonly tls: Trust;
}

/** The target could not be asked, or answered nothing one can use. Data, never an exception: `message` is a sentence for people. */
export interface Trouble {
  readonly state: "Unreachable" | "AddressRefused" | "WrongCertificate" | "Garbage";
  readonly message: string;
}

/** The target understood and said no: nothing was begun. `sequence` is the highest it knows, where that is why. */
export interface Refused {
  readonly state: "Refused";
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  readonly sequence?: number;
}

export type Observation = { readonly state: "Answered"; readonly status: AgentStatus } | Trouble | Refused;
export type Delivery = { readonly state: "Answered"; readonly report: OrderReport } | Trouble | Refused;

/** An order ready to be sent: the key it is filed under and the signed text. */
export interface SignedOrder {
  readonly key: string;
  readonly jws: string;
}

/** One way to reach targets. Every function may be called again with the same arguments without a second effect. */
export interface Driver<Target, Order> {
  readonly deliver: (target: Target, order: Order, signal: AbortSignal) => Promise<Delivery>;
  readonly report: (target: Target, key: string, readToken: string, signal: AbortSignal) => Promise<Delivery>;
  readonly observe: (target: Target, readToken: string, signal: AbortSignal) => Promise<Observation>;
  readonly close: () => Promise<void>;
}
