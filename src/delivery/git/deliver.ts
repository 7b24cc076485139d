import type { Assigning, Assignment } from "../assignment.ts";
import { alreadyThere, committed, fence, inTime, mustBeSame, mustFit } from "./answers.ts";
import { folderOf } from "./edits/inside.ts";
import { sourcesOf } from "./fields.ts";
import { entryOf, type Ledger } from "./ledger.ts";
import { messageOf } from "./message.ts";
import { fetchHead, type Mirror } from "./mirror.ts";
import { type Author, commitOn } from "./objects.ts";
import { type Plan, planDelivery, planRestore } from "./plan.ts";
import { push } from "./push.ts";
import type { CommitSeal } from "./seal.ts";
import { GitTrouble } from "./trouble.ts";

/** What a delivery needs besides the repository. */
export interface Means {
  readonly now: () => number;
  readonly author: Author;
  readonly seal: CommitSeal;
  readonly ledgerAt: (mirror: Mirror, head: string) => Promise<Ledger>;
  /** How often a commit is made anew because somebody else was faster. */
  readonly tries: number;
}

/** Undefined where a restore has nothing to put back, because nothing was written. */
export function planOf(mirror: Mirror, ledger: Ledger, assignment: Assignment): Promise<Plan | undefined> {
  const { action } = assignment;
  const sources = sourcesOf(mirror);
  return action.do === "deliver"
    ? planDelivery(sources, ledger.head, mirror.place, assignment, action.artifact)
    : planRestore(mirror, sources, ledger, assignment, action.undoes);
}

export const whyNothing = (plan: Plan | undefined, { action, version }: Assignment): string =>
  action.do === "deliver"
    ? `${version} stands there already`
    : plan === undefined
      ? `Sequence ${action.undoes} has written nothing`
      : "What was before stands there again already";

export const commitFor = (
  mirror: Mirror,
  head: string,
  plan: Plan,
  assignment: Assignment,
  means: Means,
): Promise<string> => {
  const { place } = mirror;
  const folder = folderOf(place.path, assignment.app, assignment.layer);
  const message = messageOf(assignment, { name: place.name, uid: place.uid, folder }, plan, means.seal);
  return commitOn(mirror, head, plan.files, message, { author: means.author, now: means.now() });
};

/** One commit on the branch itself. Where somebody else is faster, everything is looked at and written anew on what they left. */
export async function deliverOnBranch(mirror: Mirror, assignment: Assignment, means: Means): Promise<Assigning> {
  const { place } = mirror;
  const { key } = assignment;
  mustFit(place, assignment);
  for (let attempt = 0; attempt < means.tries; attempt += 1) {
    const head = await fetchHead(mirror);
    const ledger = await means.ledgerAt(mirror, head);
    const before = await entryOf(mirror, ledger, key);
    if (before !== undefined) {
      mustBeSame(before, assignment);
      return committed(place, key, before.commit, means.now());
    }
    fence(ledger, assignment);
    const plan = await planOf(mirror, ledger, assignment);
    if (plan === undefined || plan.files.size === 0)
      return alreadyThere(place, key, head, means.now(), whyNothing(plan, assignment));
    const commit = await commitFor(mirror, head, plan, assignment, means);
    inTime(assignment, means.now());
    if ((await push(mirror, commit, place.branch)) === "Pushed") return committed(place, key, commit, means.now());
  }
  throw new GitTrouble(
    "Unreachable",
    `Others pushed to ${place.branch} of ${place.url} faster, ${means.tries} times in a row; it is tried again.`,
  );
}
