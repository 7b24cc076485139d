import { orderKey } from "../../api/order.ts";
import type { Assigned, Assigning, Assignment } from "../assignment.ts";
import type { Entry, Ledger } from "./ledger.ts";
import { lifeKey } from "./ledger.ts";
import { GitRefusal } from "./refusal.ts";
import type { GitPlace } from "./target.ts";

export const answered = (report: Assigned): Assigning => ({ state: "Answered", report });

const short = (commit: string): string => commit.slice(0, 12);

export const committed = (place: GitPlace, key: string, commit: string, at: number): Assigning =>
  answered({
    key,
    state: "Applied",
    reason: "Committed",
    message: `Commit ${short(commit)} on ${place.branch} of ${place.url}.`,
    activations: 1,
    at: new Date(at).toISOString(),
    revision: commit,
  });

export const alreadyThere = (place: GitPlace, key: string, head: string, at: number, why: string): Assigning =>
  answered({
    key,
    state: "Applied",
    reason: "AlreadyThere",
    message: `${why} at commit ${short(head)} on ${place.branch} of ${place.url}; nothing was written.`,
    activations: 0,
    at: new Date(at).toISOString(),
    revision: head,
  });

export const notFound = (place: GitPlace, key: string): Assigning => ({
  state: "Refused",
  status: 404,
  reason: "NotFound",
  message: `${place.branch} of ${place.url} has no commit of order ${key}.`,
});

/** The same key is the same order: with another content it is a mistake, and its first commit counts. */
export function mustBeSame(entry: Entry, { key, version, digest, action }: Assignment): void {
  const undoes = action.do === "restore" ? action.undoes : undefined;
  if (entry.version === version && entry.digest === digest && entry.undoes === undoes) return;
  throw new GitRefusal(
    "KeyReused",
    `Order ${key} is commit ${short(entry.commit)}, which brought ${entry.version} (${entry.digest}), not ${version} (${digest}).`,
    409,
  );
}

/** An order that comes late is refused, so that it does not undo what a newer one did. */
export function fence({ seen }: Ledger, assignment: Assignment): void {
  const { key, app, layer, sequence } = assignment;
  const targetUid = key.slice(0, key.indexOf("."));
  const highest = seen.get(lifeKey({ targetUid, app, layer }))?.sequence ?? 0;
  if (highest > sequence) throw tooLow(sequence, highest, app, layer);
}

export const tooLow = (sequence: number, highest: number, app: string, layer: string): GitRefusal =>
  new GitRefusal(
    "SequenceTooLow",
    `Sequence ${sequence} of ${app}/${layer} is lower than ${highest}, which was delivered already; nothing was written.`,
    409,
    highest,
  );

/** Right before something is written: whoever is late writes nothing. */
export function inTime({ key, expiresAt }: Assignment, now: number): void {
  if (now < expiresAt) return;
  throw new GitRefusal(
    "Expired",
    `Order ${key} ended at ${new Date(expiresAt).toISOString()} before anything was written; nothing was begun.`,
    409,
  );
}

/** The key, the target and the words of an assignment have to be about the same. */
export function mustFit(place: GitPlace, { key, app, layer, sequence }: Assignment): void {
  if (key === orderKey({ targetUid: place.uid, app, layer, sequence })) return;
  throw new GitRefusal("KeyMismatch", `Order ${key} is not about ${app}/${layer} of ${place.name}.`, 400);
}
