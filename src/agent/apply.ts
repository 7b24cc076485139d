import { prepareDelivery } from "./deliver.ts";
import { said } from "./failure.ts";
import { ended, type Entry } from "./journal.ts";
import { prepareRestore } from "./restore.ts";
import { Work } from "./work.ts";
import type { Workshop } from "./workshop.ts";

const prepare = (work: Work): Promise<void> => {
  const { order } = work.entry;
  return order.action === "deliver" ? prepareDelivery(work, order) : prepareRestore(work, order);
};

/** Brings an order that was taken to its end, from wherever it stands. Stopped by the signal, it goes on at the next start. */
export const carryOut = async (shop: Workshop, taken: Entry, signal: AbortSignal): Promise<void> => {
  const work = new Work(shop, taken.order, signal);
  const { key } = taken.order;
  try {
    try {
      if (work.entry.state !== "Switching") await prepare(work);
      if (!ended(work.entry)) {
        const { release } = work.entry;
        if (release === undefined) throw new Error("the journal names no release to switch to");
        if (work.entry.activations === 0) await work.activate(release);
        await work.settle(release);
      }
    } catch (error) {
      if (signal.aborted) throw error;
      await work.fail(error);
    }
    shop.log("order ended", { key, state: work.entry.state, reason: work.entry.reason, message: work.entry.message });
    if (work.entry.state === "Applied") await work.tidy();
  } catch (error) {
    // What is on disk is a true account; the next start goes on from there, and so does whoever asks about this order or sends it again.
    shop.log(signal.aborted ? "order interrupted" : "order stuck", { key, error: said(error) });
  }
};
