import type { OrderClaims } from "../api/order.ts";
import type { Entry, Journal } from "./journal.ts";

type Where = Pick<OrderClaims, "app" | "layer">;

/** The deliveries that brought the releases which ever ran here, oldest first. */
export const deliveries = (journal: Journal, { app, layer }: Where): readonly Entry[] =>
  journal.of(app, layer).filter(({ order, activations }) => order.action === "deliver" && activations > 0);

/** What ran before a release came, nearest first. It ends, because a release comes after the one it names. */
export const linePast = (journal: Journal, where: Where, release: string | undefined): readonly Entry[] => {
  const brought = new Map(deliveries(journal, where).map((entry) => [entry.release, entry]));
  const line: Entry[] = [];
  const origin = brought.get(release);
  let earlier = origin?.previous;
  while (earlier !== undefined) {
    const entry = brought.get(earlier);
    if (entry === undefined) break;
    line.push(entry);
    earlier = entry.previous;
  }
  return line;
};

/** The newest order that made a release run here, or saw to it that one which was there already does. */
const lastToSettle = (journal: Journal, { app, layer }: Where): Entry | undefined =>
  journal.of(app, layer).findLast(({ activations, stood }) => activations > 0 || stood === true);

/** Whether the release came up well when it was switched to last, and is the one switched to last. */
export const stands = (journal: Journal, where: Where, release: string | undefined): boolean => {
  const last = lastToSettle(journal, where);
  return last !== undefined && last.release === release && last.state === "Applied";
};

/**
 * What a rollback of a delivery made now would put back: what runs, unless it never came up or is the same archive. Then it is
 * what that release came after.
 */
export const previousFor = (
  journal: Journal,
  order: Where & Pick<OrderClaims, "sha256">,
  current: string | undefined,
): string | undefined => {
  const running = deliveries(journal, order).find(({ release }) => release === current);
  if (running === undefined) return current;
  const asGood = running.order.sha256 !== order.sha256 && stands(journal, order, current);
  return asGood ? current : running.previous;
};
