import type { Refused } from "../driver.ts";

/** Nothing was begun; the message is a sentence for people. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly reason: string;
  readonly sequence: number | undefined;

  constructor(
    status: number,
    reason: string,
    message: string,
    more: { readonly sequence?: number; readonly cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.status = status;
    this.reason = reason;
    this.sequence = more.sequence;
  }

  get answer(): Refused {
    const { status, reason, message, sequence } = this;
    return {
      state: "Refused",
      status,
      reason,
      message: message.slice(0, 2048),
      ...(sequence !== undefined && { sequence }),
    };
  }
}

/** The artifact itself is at fault: whoever made the update makes another one. */
export const badManifests = (message: string): Refusal => new Refusal(422, "ManifestsRefused", message);
