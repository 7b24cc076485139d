import { orderEnded, type OrderReport } from "../../api/order.ts";
import { conflict } from "../../kube/errors.ts";
import { type Applying, applyAll } from "./apply.ts";
import type { Far } from "./at-once.ts";
import type { Effort } from "./effort.ts";
import { type HealthOfAll, healthOfAll, liveOf } from "./health-of-all.ts";
import { type Book, type Entry, findLedger, type Ledger, type Ref, writeLedger } from "./ledger.ts";
import { inventoryId, type LayerId } from "./ledger-name.ts";
import { prepare, refId, refOf } from "./prepare.ts";
import { prune } from "./prune.ts";
import { Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";

export const applyingOf = (
  { client, account, namespace }: Session,
  id: LayerId,
  { heals = false }: Pick<Entry, "heals">,
  effort: Effort,
): Applying => ({ client, account, inventory: inventoryId(namespace, id), force: heals, ...effort });

export const writtenDown = ({ book }: Ledger, key: string): Entry => {
  const entry = book.entries.find((one) => one.key === key);
  if (entry === undefined) throw new TypeError(`${key} was just written and is not there`);
  return entry;
};

export const reportOf = (
  { key, state, reason, message, applied, at }: Entry,
  modules: readonly string[],
): OrderReport => ({
  key,
  state,
  reason,
  message: message.slice(0, 2048),
  activations: applied ? 1 : 0,
  at,
  modules: [...modules],
});

const modulesOf = ({ book }: Ledger, { release }: Entry): readonly string[] =>
  book.releases.find(({ sequence }) => sequence === release)?.modules ?? [];

const SHOWN = 3;

/** Goes on with what the ledger says, as far as it can come without waiting. */
export const goOn = async (
  session: Session,
  ledger: Ledger,
  entry: Entry,
  now: () => number,
  effort: Effort,
  signal: AbortSignal,
): Promise<OrderReport> => {
  if (orderEnded(entry.state) || entry !== ledger.book.entries.at(-1)) return reportOf(entry, modulesOf(ledger, entry));
  const { id } = ledger;
  /** A conflict means that another one went on with it, or with something newer: what was read last is said. */
  const write = async (from: Ledger, change: Partial<Entry>, more: Partial<Book> = {}): Promise<Ledger> => {
    const entries = from.book.entries.map((one) =>
      one.key === entry.key ? { ...one, at: new Date(now()).toISOString(), ...change } : one,
    );
    const book = { ...from.book, entries, ...more };
    try {
      return await writeLedger(session, id, from, book, signal);
    } catch (error) {
      if (!conflict(error)) throw error;
      return (await findLedger(session, id, signal)) ?? from;
    }
  };
  const done = (from: Ledger): OrderReport => {
    const found = from.book.entries.find(({ key }) => key === entry.key) ?? entry;
    return reportOf(found, modulesOf(from, found));
  };

  if (!entry.applied) {
    const applied = await apply(session, ledger, entry, effort, signal);
    if (applied.state === "Refused")
      return done(await write(ledger, { state: "Failed", reason: "ApplyFailed", message: applied.message }));
    if (applied.state === "Begun") {
      const { far, of } = applied;
      const message = `It is being applied: ${far.done} of ${of} objects are.`;
      const written = far.done > (entry.done ?? 0) ? await write(ledger, { done: far.done, message }) : ledger;
      if (far.error !== undefined) throw far.error;
      return done(written);
    }
    const appliedAt = new Date(now()).toISOString();
    const message = `It was applied${applied.left === "" ? "" : `; ${applied.left}`}.`;
    const { inventory } = applied;
    return done(await write(ledger, { applied: true, appliedAt, message }, { inventory: [...inventory] }));
  }
  return done(await judged(session, ledger, entry, write, now, signal));
};

/** Somebody who leads now may have begun with something newer: then what it delivered is not pruned here. */
const isStillWanted = async (session: Session, id: LayerId, { key }: Entry, signal: AbortSignal): Promise<void> => {
  const now = await findLedger(session, id, signal);
  if (now?.book.entries.at(-1)?.key !== key) throw new Refusal(409, "Superseded", "Something newer was begun there.");
};

type Applied =
  | { readonly state: "Refused"; readonly message: string }
  | { readonly state: "Begun"; readonly far: Far; readonly of: number }
  | { readonly state: "Applied"; readonly inventory: readonly Ref[]; readonly left: string };

const apply = async (
  session: Session,
  ledger: Ledger,
  entry: Entry,
  effort: Effort,
  signal: AbortSignal,
): Promise<Applied> => {
  const { id } = ledger;
  const applying = applyingOf(session, id, entry, effort);
  try {
    const manifests = ledger.manifests.get(entry.release) ?? [];
    const prepared = await prepare(manifests, { ...session, inventory: applying.inventory }, signal);
    const far = await applyAll(applying, prepared, entry.done ?? 0, signal);
    if (far.error instanceof Refusal) throw far.error;
    if (far.error !== undefined || far.done < prepared.length) return { state: "Begun", far, of: prepared.length };
    const refs = prepared.map(({ manifest }) => refOf(manifest));
    const ids = new Set(refs.map(refId));
    await isStillWanted(session, id, entry, signal);
    const gone = ledger.book.inventory.filter((ref) => !ids.has(refId(ref)));
    const left = await prune(applying, gone, session.kindsOf, signal);
    const again = left.filter((one) => one.again).map(({ ref }) => ref);
    const why = left
      .map((one) => one.why)
      .slice(0, SHOWN)
      .join("; ");
    return { state: "Applied", inventory: [...refs, ...again], left: why };
  } catch (error) {
    if (error instanceof Refusal) return { state: "Refused", message: error.message };
    throw error;
  }
};

/** What of the inventory belongs to the release that runs. */
export const refsOf = async (
  session: Session,
  ledger: Ledger,
  release: number,
  signal: AbortSignal,
): Promise<readonly Ref[]> => {
  const inventory = inventoryId(session.namespace, ledger.id);
  const manifests = ledger.manifests.get(release) ?? [];
  const prepared = await prepare(manifests, { ...session, inventory }, signal);
  return prepared.map(({ manifest }) => refOf(manifest));
};

/** A kind that is not served any more is no reason to forget what was delivered. */
const healthNow = async (
  session: Session,
  ledger: Ledger,
  { release }: Entry,
  signal: AbortSignal,
): Promise<HealthOfAll & { readonly count: number }> => {
  try {
    const refs = await refsOf(session, ledger, release, signal);
    return { count: refs.length, ...healthOfAll(refs, await liveOf(session, refs, signal)) };
  } catch (error) {
    if (error instanceof Refusal) return { count: 0, failed: false, sick: error.message, since: 0 };
    throw error;
  }
};

const judged = async (
  session: Session,
  ledger: Ledger,
  entry: Entry,
  write: (from: Ledger, change: Partial<Entry>, more?: Partial<Book>) => Promise<Ledger>,
  now: () => number,
  signal: AbortSignal,
): Promise<Ledger> => {
  const { healthySeconds, timeoutSeconds } = session.place.spec;
  const { count, failed, sick, since } = await healthNow(session, ledger, entry, signal);
  const all = count === 1 ? "The only object is" : `All ${count} objects are`;
  const time = now();
  const begun = Date.parse(entry.appliedAt ?? entry.at);
  const isOver = time - begun > timeoutSeconds * 1000;
  if (sick !== "") {
    if (failed || isOver) {
      const message = failed ? sick : `Not healthy within ${timeoutSeconds} s: ${sick}`;
      return write(ledger, { state: "Failed", reason: "HealthFailed", message });
    }
    const message = `Waiting for ${sick}`;
    // Only the end of a healthy time is worth a write; what is waited for is said anew each time.
    if (entry.healthySince === undefined) return withEntry(ledger, { ...entry, message });
    const { healthySince: _, ...rest } = entry;
    return write(
      { ...ledger, book: { ...ledger.book, entries: [...ledger.book.entries.slice(0, -1), rest] } },
      { message },
    );
  }
  // A clock over there that is ahead of ours says nothing about how long it was so.
  const told = since <= time ? since : 0;
  const healthySince = Math.max(begun, told, entry.healthySince === undefined ? time : Date.parse(entry.healthySince));
  const left = Math.ceil(healthySeconds - (time - healthySince) / 1000);
  const iso = new Date(healthySince).toISOString();
  if (left <= 0) {
    const releases = ledger.book.releases.map((release) =>
      release.sequence === entry.release ? { ...release, good: true } : release,
    );
    const change = { state: "Applied", reason: "Applied", message: `${all} healthy.` } as const;
    return write(ledger, { ...change, healthySince: iso }, { releases });
  }
  const message = `${all} healthy, and must be so for ${left} s more.`;
  if (isOver && entry.healthySince === undefined)
    return write(ledger, {
      state: "Failed",
      reason: "HealthFailed",
      message: `Not healthy for ${healthySeconds} s within ${timeoutSeconds} s.`,
    });
  return entry.healthySince === undefined
    ? write(ledger, { healthySince: iso, message })
    : withEntry(ledger, { ...entry, message });
};

const withEntry = (ledger: Ledger, entry: Entry): Ledger => ({
  ...ledger,
  book: { ...ledger.book, entries: [...ledger.book.entries.slice(0, -1), entry] },
});
