import type { FailureReason } from "../api/order.ts";

/** An order that was taken and cannot be carried out; the message is what the operator shows. */
export class OrderFailure extends Error {
  override readonly name = "OrderFailure";
  readonly reason: FailureReason;

  constructor(reason: FailureReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

export const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));
