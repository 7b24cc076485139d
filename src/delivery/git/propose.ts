import type { Assigned, Assigning, Assignment } from "../assignment.ts";
import { alreadyThere, answered, committed, fence, inTime, mustBeSame, mustFit, notFound, tooLow } from "./answers.ts";
import { branchOf, proposed } from "./branches.ts";
import { commitFor, type Means, planOf, whyNothing } from "./deliver.ts";
import type { GitHub, PullRequest } from "./github.ts";
import { sameValues, sourcesOf, standing, tellsOther } from "./fields.ts";
import { type Entry, entryOf } from "./ledger.ts";
import { fetchHead, type Mirror, must } from "./mirror.ts";
import { isAncestor } from "./objects.ts";
import { push } from "./push.ts";
import { GitRefusal } from "./refusal.ts";
import { GitTrouble } from "./trouble.ts";
import { keyOf } from "./running.ts";

/** What a pull request means for the order it is of. */
function told(mirror: Mirror, key: string, pull: PullRequest, now: number): Assigning {
  const { place } = mirror;
  if (pull.state === "Merged" && pull.revision !== undefined) return committed(place, key, pull.revision, now);
  const report = (state: Assigned["state"], reason: string, message: string): Assigning =>
    answered({ key, state, reason, message, activations: 0, at: new Date(now).toISOString() });
  if (pull.state === "Closed")
    return report("Failed", "PullRequestClosed", `${pull.url} was closed and not merged, so nothing was delivered.`);
  return report("Switching", "PullRequestOpen", `Waits for somebody to merge ${pull.url}.`);
}

/** Whether it was merged is seen on the branch, whoever did it; whether it waits, at GitHub. */
export async function reportProposed(mirror: Mirror, hub: GitHub, key: string, means: Means): Promise<Assigning> {
  const head = await fetchHead(mirror);
  const ledger = await means.ledgerAt(mirror, head);
  const pull = await pullOf(mirror, hub, key);
  if (pull?.state === "Merged" && pull.revision !== undefined && !(await isAncestor(mirror, pull.revision, head)))
    throw new GitTrouble(
      "Garbage",
      `${pull.url} is merged, and ${mirror.place.branch} does not have ${pull.revision} yet.`,
    );
  const entry = await entryOf(mirror, ledger, key);
  if (pull?.state === "Merged" && pull.revision !== undefined && entry !== undefined)
    if (await isOtherwise(mirror, entry, pull.revision)) return mergedOtherwise(key, pull, entry, means.now());
  if (pull?.state === "Merged") return told(mirror, key, pull, means.now());
  if (entry !== undefined) return committed(mirror.place, key, entry.commit, means.now());
  return pull === undefined ? notFound(mirror.place, key) : told(mirror, key, pull, means.now());
}

/** Whoever merges may have pushed to the branch before, or have changed it while merging. */
async function isOtherwise(mirror: Mirror, { commit, wrote, digest }: Entry, revision: string): Promise<boolean> {
  const sources = sourcesOf(mirror);
  const merged = await standing(sources, revision, wrote);
  return !sameValues(await standing(sources, commit, wrote), merged) || tellsOther(merged, digest);
}

const mergedOtherwise = (key: string, pull: PullRequest, { version }: Entry, now: number): Assigning =>
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
  const known = await reportProposed(mirror, hub, key, means);
  const head = await fetchHead(mirror);
  const ledger = await means.ledgerAt(mirror, head);
  const before = await entryOf(mirror, ledger, key);
  if (before !== undefined) mustBeSame(before, assignment);
  if (known.state === "Answered") return known;
  fence(ledger, assignment);
  const others = (await proposed(mirror)).filter((other) => other.app === app && other.layer === layer);
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
  if (!others.some((other) => other.key === key)) {
    const commit = await commitFor(mirror, head, plan, assignment, means);
    inTime(assignment, means.now());
    // Only an order of the same key has this branch; whoever was faster has pushed the same.
    await push(mirror, commit, branch);
  }
  const subject = (await subjectOf(mirror, branch)).split("\n");
  const pull = await hub.open({
    branch,
    title: subject[0] ?? branch,
    body: `${subject.slice(1).join("\n").trim()}\n`,
  });
  if (pull === undefined) return alreadyThere(place, key, head, means.now(), whyNothing(plan, assignment));
  return told(mirror, key, pull, means.now());
}

const subjectOf = async (mirror: Mirror, branch: string): Promise<string> => {
  const ref = `refs/heads/${branch}`;
  await must(mirror, ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "origin", `+${ref}:${ref}`]);
  return (await must(mirror, ["log", "-1", "--no-show-signature", "--format=%B", ref, "--"])).toString();
};

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
