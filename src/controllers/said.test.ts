import { expect, test } from "vitest";
import type { Delivery } from "../delivery/driver.ts";
import { reportedOrder, sentOrder } from "./said.ts";

const refused = (status: number, reason: string): Delivery => ({ state: "Refused", status, reason, message: "m" });

test.each<[string, Delivery, string, string]>([
  ["an agent whose clock is wrong", refused(401, "Expired"), "Refused", "NotAnswered"],
  ["an agent that does not know the key yet", refused(403, "Unauthorized"), "Refused", "NotAnswered"],
  ["an agent that has no such order", refused(404, "NotFound"), "Refused", "NotFound"],
  ["an agent that is silent", { state: "Unreachable", message: "m" }, "NotAnswered", "NotAnswered"],
])(
  "%s: what it means for an order that was sent, and for one that was asked about",
  (_situation, answer, sent, asked) => {
    expect([sentOrder(answer).state, reportedOrder(answer).state]).toEqual([sent, asked]);
  },
);
