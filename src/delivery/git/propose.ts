import type { Assigned, Assigning, Assignment } from "../assignment.ts";
import { alreadyThere, answered, committed, fence, inTime, mustBeSame, mustFit, notFound, tooLow } from "./answers.ts";
import { branchOf, proposed } from "./branches.ts";
import { commitFor, type Means, planOf, whyNothing } from "./deliver.ts";
import type { GitHub, PullRequest } from "./github.ts";
import { sourcesOf, standing, valuesHash } from "./fields.ts";
import { type Entry, entryOf, type Ledger } from "./ledger.ts";
import { type Told, toldBy } from "./message.ts";
import { fetchHead, type Mirror, must } from "./mirror.ts";
import { isAncestor } from "./objects.ts";
import { push } from "./push.ts";
import { GitRefusal } from "./refusal.ts";
import { GitTrouble } from "./trouble.ts";
import { keyOf } from "./running.ts";

/** What one that is not merged means for the order it is of. */
function told(key: string, pull: PullRequest, now: number): Assigning {
  const report = (state: Assigned["state"], reason: string, message: string): Assigning =>
    answered({ key, state, reason, message, activations: 0, at: new Date(now).toISOString() });
  if (pull.state === "Closed")
    return report("Failed", "PullRequestClosed", `${pull.url} was closed and not merged, so nothing was delivered.`);
  return report("Switching", "PullRequestOpen", `Waits for somebody to merge ${pull.url}.`);
}

/** Whether it was merged is seen on the branch, whoever did it; whether it waits, at GitHub. */
export async function reportProposed(
  mirror: Mirror,
  hub: GitHub,
  key: string,
  means: Means,
  assignment?: Assignment,
): Promise<Assigning> {
  const { place } = mirror;
  const head = await fetchHead(mirror);
  const ledger = await means.ledgerAt(mirror, head);
  const pull = await pullOf(mirror, hub, key);
  const entry = await entryOf(mirror, ledger, key);
  if (pull?.state === "Merged") {
    const { revision } = pull;
    if (revision === undefined || !(await isAncestor(mirror, revision, head)))
      throw new GitTrouble(
        "Garbage",
        `${pull.url} is merged, and ${place.branch} does not have ${revision ?? "its commit"} yet.`,
      );
    return merged(mirror, ledger, { key, pull, revision, entry, assignment }, means);
  }
  if (entry !== undefined) return committed(place, key, entry.commit, means.now());
  return pull === undefined ? notFound(place, key) : told(key, pull, means.now());
}

interface Merged {
  readonly key: string;
  readonly pull: PullRequest;
  readonly revision: string;
  readonly entry: Entry | undefined;
  readonly assignment: Assignment | undefined;
}

/** Whoever merges may have pushed to the branch before, or have changed it while merging, and may write any words to it: what stands there counts. */
async function merged(
  mirror: Mirror,
  ledger: Ledger,
  { key, pull, revision, entry, assignment }: Merged,
  means: Means,
): Promise<Assigning> {
  const { place } = mirror;
  const now = means.now();
  const ours = entry ?? sealedIn(pull, key, means) ?? (await onItsBranch(mirror, key, means));
  if (ours !== undefined) {
    const there = valuesHash(await standing(sourcesOf(mirror), revision, ours.wrote));
    return there === ours.values ? committed(place, key, revision, now) : mergedOtherwise(key, pull, ours, now);
  }
  // Nothing of ours is left that says what it was. Whoever has the order can look.
  if (assignment === undefined) return notFound(place, key);
  const plan = await planOf(mirror, { ...ledger, head: revision }, assignment);
  return plan?.files.size === 0
    ? alreadyThere(place, key, revision, now, whyNothing(plan, assignment))
    : mergedOtherwise(key, pull, assignment, now);
}

/** The words with which it was opened, where nobody changed them. */
const sealedIn = ({ body }: PullRequest, key: string, { seal }: Means): Told | undefined => {
  const words = toldBy(body, seal);
  return words?.sealed === true && words.key === key ? words : undefined;
};

const onItsBranch = async (mirror: Mirror, key: string, { seal }: Means): Promise<Told | undefined> =>
  (await proposed(mirror, seal)).find((other) => other.key === key)?.entry;

const mergedOtherwise = (
  key: string,
  pull: PullRequest,
  { version }: Pick<Assignment, "version">,
  now: number,
): Assigning =>
  answered({
    key,
    state: "Failed",
    reason: "MergedOtherwise",
    message: `${pull.url} was merged with something else than ${version}, which was ordered. Roll this update back, or put the repository right by another commit and push another update.`,
    activations: 0,
    at: new Date(now).toISOString(),
  });

async function pullOf(mirror: Mirror, hub: GitHub, key: string): Promise<PullRequest | undefined> {
  const [, app = "", layer = "", sequence = ""] = key.split(".");
  return hub.find(branchOf(mirror.place, { app, layer, sequence: Number(sequence), key }));
}

/** One commit on a branch of its own, and one pull request, which a person merges. What it replaces is closed, so that nobody merges it later. */
export async function propose(mirror: Mirror, hub: GitHub, assignment: Assignment, means: Means): Promise<Assigning> {
  const { place } = mirror;
  const { key, app, layer, sequence, action } = assignment;
  mustFit(place, assignment);
  const branch = branchOf(place, assignment);
  const known = await reportProposed(mirror, hub, key, means, assignment);
  const head = await fetchHead(mirror);
  const ledger = await means.ledgerAt(mirror, head);
  const before = await entryOf(mirror, ledger, key);
  if (before !== undefined) mustBeSame(before, assignment);
  if (known.state === "Answered") return known;
  fence(ledger, assignment);
  const others = (await proposed(mirror, means.seal)).filter((other) => other.app === app && other.layer === layer);
  const highest = Math.max(0, ...others.map((other) => other.sequence));
  if (highest > sequence) throw tooLow(sequence, highest, app, layer);
  inTime(assignment, means.now());
  for (const other of others) {
    const pull = other.sequence < sequence ? await hub.find(branchOf(place, other)) : undefined;
    if (pull?.state === "Open") await hub.close(pull.number);
  }
  if (action.do === "restore") await mustKnow(mirror, hub, keyOf(place, app, layer, action.undoes), means);
  const plan = await planOf(mirror, ledger, assignment);
  if (plan === undefined || plan.files.size === 0)
    return alreadyThere(place, key, head, means.now(), whyNothing(plan, assignment));
  let commit = others.find((other) => other.key === key)?.entry.commit;
  if (commit === undefined) {
    commit = await commitFor(mirror, head, plan, assignment, means);
    inTime(assignment, means.now());
    if ((await push(mirror, commit, branch)) === "Moved")
      throw new GitRefusal(
        "BranchTaken",
        `${place.url} has a branch ${branch} already, and nothing on it is a commit of this operator. Look who made it, delete it, and push the update again.`,
        409,
      );
  }
  const subject = (await wordsOf(mirror, commit)).split("\n");
  const pull = await hub.open({
    branch,
    title: subject[0] ?? branch,
    body: `${subject.slice(1).join("\n").trim()}\n`,
  });
  if (pull === undefined) return alreadyThere(place, key, head, means.now(), whyNothing(plan, assignment));
  return told(key, pull, means.now());
}

const wordsOf = async (mirror: Mirror, commit: string): Promise<string> =>
  (await must(mirror, ["log", "-1", "--no-show-signature", "--format=%B", commit, "--"])).toString();

/** One that was merged under another message is in the branch, and what it wrote is not told there. */
async function mustKnow(mirror: Mirror, hub: GitHub, undoes: string, means: Means): Promise<void> {
  const ledger = await means.ledgerAt(mirror, await fetchHead(mirror));
  if ((await entryOf(mirror, ledger, undoes)) !== undefined) return;
  const pull = await pullOf(mirror, hub, undoes);
  if (pull?.state !== "Merged") return;
  throw new GitRefusal(
    "TrailersMissing",
    `${pull.url} was merged with a message without its Ashat trailers, so it is not known what it wrote. Take it back by hand: git revert ${pull.revision ?? ""}.`,
    409,
  );
}
