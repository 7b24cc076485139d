import type { SeenOrder } from "../core/observed.ts";
import type { Assigning } from "../delivery/assignment.ts";
import type { Delivery } from "../delivery/driver.ts";

/** What targets answer, in the words of the judgement. */

const isUnknown = (answer: Delivery | Assigning): boolean =>
  answer.state === "Refused" && answer.status === 404 && answer.reason === "NotFound";

/** What became of sending an order: a refusal is final. */
export function sentOrder(answer: Delivery | Assigning): SeenOrder {
  if (answer.state === "Answered") return { state: "Reported", report: answer.report };
  return {
    state: answer.state === "Refused" ? "Refused" : "NotAnswered",
    reason: reasonOf(answer),
    message: answer.message,
  };
}

/** What became of asking about one: that the question is refused (a clock, a key that was changed) says nothing about the order. */
export function reportedOrder(answer: Delivery | Assigning): SeenOrder {
  if (isUnknown(answer)) return { state: "NotFound" };
  const seen = sentOrder(answer);
  return seen.state === "Refused" ? { ...seen, state: "NotAnswered" } : seen;
}

export const reasonOf = (answer: { readonly state: string; readonly reason?: string }): string =>
  answer.reason ?? answer.state;
