import type { Assignment } from "../assignment.ts";
import { type Entry, type Ledger, type Release, runningIn, writeLedger } from "./ledger.ts";
import type { Session } from "./session.ts";

export const MOST_ENTRIES = 20;

/** What is written down before anything is applied. */
export const entryOf = (
  { key, sequence, action, version, digest, update, heals }: Assignment,
  { sequence: release }: Release,
  now: number,
): Entry => ({
  key,
  sequence,
  action: action.do,
  version,
  digest,
  release,
  state: "Switching",
  reason: "Switching",
  message: "It is being applied.",
  at: new Date(now).toISOString(),
  applied: false,
  update: update.name,
  ...(heals && { heals }),
});

/** A restore of what runs well already is a fence: it only keeps older deliveries out. */
export const isFence = ({ action, digest }: Assignment, ledger: Ledger | undefined): boolean => {
  const last = ledger?.book.entries.at(-1);
  return (
    action.do === "restore" &&
    ledger !== undefined &&
    last?.state === "Applied" &&
    runningIn(ledger.book)?.digest === digest
  );
};

export const fence = async (
  session: Session,
  assignment: Assignment,
  ledger: Ledger,
  now: number,
  signal: AbortSignal,
): Promise<Ledger> => {
  const last = ledger.book.entries.at(-1);
  const running = runningIn(ledger.book);
  if (last === undefined || running === undefined) throw new TypeError("there is nothing to fence");
  const entry: Entry = {
    ...entryOf(assignment, running, now),
    state: "Applied",
    reason: "Applied",
    message: "The release runs already; nothing was applied.",
    applied: true,
    ...(last.appliedAt !== undefined && { appliedAt: last.appliedAt }),
  };
  const entries = [...ledger.book.entries.slice(1 - MOST_ENTRIES), entry];
  return writeLedger(session, ledger.id, ledger, { ...ledger.book, entries }, signal);
};
