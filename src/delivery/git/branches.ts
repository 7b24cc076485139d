import { createHash } from "node:crypto";
import { orderKey } from "../../api/order.ts";
import type { TakenOrder } from "../../api/report.ts";
import { eachEntry, type Entry } from "./ledger.ts";
import { HIGHEST } from "./message.ts";
import { type Mirror, must } from "./mirror.ts";
import type { CommitSeal } from "./seal.ts";
import type { GitPlace } from "./target.ts";

const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex").slice(0, 8);

/** The branch of one order. The end is of its key, so that another life of the target, or another split of the names, has another one. */
export const branchOf = (
  { name }: Pick<GitPlace, "name">,
  order: Pick<TakenOrder, "app" | "layer" | "sequence" | "key">,
): string => `ashat/${name}/${order.app}-${order.layer}-${order.sequence}-${hashOf(order.key)}`;

type Named = Omit<TakenOrder, "state">;

/** The order a branch is of; undefined for one of another target. */
function orderOn(place: GitPlace, branch: string): Named | undefined {
  const prefix = `ashat/${place.name}/`;
  const [, names, digits, hash] =
    (branch.startsWith(prefix)
      ? /^([a-z0-9-]+)-([1-9][0-9]{0,9})-([0-9a-f]{8})$/.exec(branch.slice(prefix.length))
      : null) ?? [];
  if (names === undefined || digits === undefined || Number(digits) > HIGHEST) return undefined;
  const sequence = Number(digits);
  for (let dash = names.indexOf("-"); dash > 0; dash = names.indexOf("-", dash + 1)) {
    const [app, layer] = [names.slice(0, dash), names.slice(dash + 1)];
    const key = orderKey({ targetUid: place.uid, app, layer, sequence });
    if (hashOf(key) === hash) return { app, layer, sequence, key };
  }
  return undefined;
}

/** A branch of one order, with the commit of ours on it. */
export interface Proposed extends Named {
  readonly branch: string;
  readonly tip: string;
  readonly entry: Entry;
}

/** Many more than anybody lets wait; whoever makes thousands of branches is not followed. */
const MOST_BRANCHES = 100;
/** How many commits others may have put on top of ours. */
const MOST_COMMITS = 100;

/** The orders of a target whose branches are there with a commit of ours: proposed, and perhaps merged or closed since. Anybody can make a branch. */
export async function proposed(mirror: Mirror, seal: CommitSeal): Promise<readonly Proposed[]> {
  const { place } = mirror;
  const out = await must(mirror, ["ls-remote", "--heads", "origin", `refs/heads/ashat/${place.name}/*`]);
  const named = out
    .toString()
    .split("\n")
    .flatMap((line) => {
      const [, tip, branch] = /^([0-9a-f]+)\trefs\/heads\/(.+)$/.exec(line) ?? [];
      const order = branch === undefined ? undefined : orderOn(place, branch);
      return tip === undefined || branch === undefined || order === undefined ? [] : [{ ...order, branch, tip }];
    })
    .sort((a, b) => b.sequence - a.sequence)
    .slice(0, MOST_BRANCHES);
  const found: Proposed[] = [];
  for (const one of named) {
    if (!(await isHere(mirror, one))) continue;
    const entry = await commitOfOurs(mirror, seal, one);
    if (entry !== undefined) found.push({ ...one, entry });
  }
  return found;
}

/** Fetched where it is not; one that went meanwhile is none. */
async function isHere(mirror: Mirror, { branch, tip }: Pick<Proposed, "branch" | "tip">): Promise<boolean> {
  const ref = `refs/heads/${branch}`;
  const at = async (): Promise<boolean> =>
    (await mirror.run(["rev-parse", "--quiet", "--verify", ref])).out.toString().trim() === tip;
  if (await at()) return true;
  await mirror.run(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "origin", `+${ref}:${ref}`]);
  return at();
}

/** What others put on top of it, or merged into it, is not looked at. */
async function commitOfOurs(
  mirror: Mirror,
  seal: CommitSeal,
  { key, tip }: Pick<Proposed, "key" | "tip">,
): Promise<Entry | undefined> {
  let ours: Entry | undefined;
  await eachEntry(mirror, seal, ["--first-parent", `--max-count=${MOST_COMMITS}`, tip], (entry) => {
    if (entry.sealed && entry.key === key) ours ??= entry;
  });
  return ours;
}

/** Takes away a branch that nobody needs any more, where it still is what we left. That somebody does not allow it changes nothing. */
export async function takeAway(mirror: Mirror, { branch, tip, entry }: Proposed): Promise<void> {
  if (entry.commit !== tip) return;
  const ref = `refs/heads/${branch}`;
  await mirror.run([
    "push",
    "--quiet",
    "--no-verify",
    "--no-signed",
    `--force-with-lease=${ref}:${tip}`,
    "origin",
    `:${ref}`,
  ]);
}
