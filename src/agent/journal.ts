import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { OrderClaims, orderEnded, OrderReport } from "../api/order.ts";
import { writeDurably } from "./durable.ts";

/**
 * All that is known of one order. `release` (what is switched to), `previous` (what a rollback of it would put back) and `left` (what a restore took
 * the place of) are names of folders, written before the switch; `stood` says that `current` named the release before the order came.
 */
export const Entry = OrderReport.omit({ key: true }).extend({
  order: OrderClaims,
  release: z.string().max(256).optional(),
  previous: z.string().max(256).optional(),
  left: z.string().max(256).optional(),
  stood: z.boolean().optional(),
  since: z.iso.datetime().optional(),
});
export type Entry = z.infer<typeof Entry>;

export const ended = ({ state }: Entry): boolean => orderEnded(state);

export const reportOf = ({ order, state, reason, message, activations, at, modules }: Entry): OrderReport => ({
  key: order.key,
  state,
  reason,
  message,
  activations,
  at,
  ...(modules === undefined ? {} : { modules }),
});

const KEEP = 100;

/** One file per order under `<root>/.ashat/orders`; memory never knows more than the disk. */
export class Journal {
  readonly #folder: string;
  readonly #entries = new Map<string, Entry>();
  #last: Promise<void> = Promise.resolve();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(root: string): Promise<Journal> {
    const folder = join(root, ".ashat", "orders");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const journal = new Journal(folder);
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (name.endsWith(".next")) await rm(path, { force: true });
      else if (name.endsWith(".json")) journal.#add(await read(path));
    }
    return journal;
  }

  #add(entry: Entry): void {
    this.#entries.set(entry.order.key, entry);
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Oldest sequence first. */
  all(): readonly Entry[] {
    return [...this.#entries.values()].sort((a, b) => a.order.sequence - b.order.sequence);
  }

  of(app: string, layer: string): readonly Entry[] {
    return this.all().filter(({ order }) => order.app === app && order.layer === layer);
  }

  put(entry: Entry): Promise<void> {
    return this.#inTurn(() => this.#write(entry));
  }

  /** Changes what is known of an order from whatever the change before left, so that none is lost. */
  change(key: string, change: (known: Entry) => Entry): Promise<void> {
    return this.#inTurn(async () => {
      const known = this.#entries.get(key);
      if (known === undefined) throw new Error(`the journal has no order ${key}`);
      await this.#write(change(known));
    });
  }

  async #write(entry: Entry): Promise<void> {
    await writeDurably(join(this.#folder, `${entry.order.key}.json`), JSON.stringify(entry));
    this.#add(entry);
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const written = this.#last.then(write);
    this.#last = written.catch(() => undefined);
    return written;
  }

  /**
   * Forgets the oldest orders of an app and layer. The newest stay, so the highest sequence is never forgotten, and so do those that say
   * where a kept release came from and which order made it run last.
   */
  async prune(app: string, layer: string, kept: readonly string[]): Promise<void> {
    const all = this.of(app, layer);
    const ran = all.filter(({ activations }) => activations > 0);
    const needed = new Set<Entry | undefined>(
      kept.flatMap((name) => {
        const of = ran.filter(({ release }) => release === name);
        return [of.find(({ order }) => order.action === "deliver"), of.at(-1)];
      }),
    );
    for (const entry of all.slice(0, -KEEP)) {
      if (needed.has(entry)) continue;
      const { order } = entry;
      await rm(join(this.#folder, `${order.key}.json`), { force: true });
      this.#entries.delete(order.key);
    }
  }
}

const read = async (path: string): Promise<Entry> => {
  const text = await readFile(path, "utf8");
  try {
    return Entry.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(
      `The journal file ${path} cannot be understood, so it is not known what was delivered here. Restore the file from a backup; only if that cannot be, remove it and deliver anew.`,
      { cause: error },
    );
  }
};
