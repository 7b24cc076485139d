import type { TakenOrder } from "../../api/report.ts";
import { type Proposed, proposed, takeAway } from "./branches.ts";
import type { GitHub, PullRequest } from "./github.ts";
import { type Entry, type Ledger, lifeKey, withEntries } from "./ledger.ts";
import type { Mirror } from "./mirror.ts";
import { isAncestor } from "./objects.ts";
import { GitTrouble } from "./trouble.ts";

type State = PullRequest["state"] | "None" | "Unknown";

/** Without a pull request nobody can merge it: whose order it is, if anybody still orders it, opens one. */
const SEEN = {
  Open: "Switching",
  Unknown: "Switching",
  Merged: "Applied",
  Closed: "Failed",
  None: "Failed",
} as const satisfies Readonly<Record<State, TakenOrder["state"]>>;

/** What GitHub cannot say now has not ended. */
const askedOf = (hub: GitHub, branch: string): Promise<{ readonly state: State; readonly revision?: string }> =>
  hub.find(branch).then(
    (pull) => pull ?? { state: "None" },
    (error: unknown) => {
      if (error instanceof GitTrouble) return { state: "Unknown" };
      throw error;
    },
  );

export interface Waiting {
  readonly orders: readonly TakenOrder[];
  /** The ledger with what was merged under other words: no commit of the history tells of it, and the branch it came from does. */
  readonly ledger: Ledger;
}

/** The orders of a target that were proposed. One that nobody can merge any more has ended: it keeps no later one waiting, and its branch goes. */
export async function waitingAt(mirror: Mirror, hub: GitHub, ledger: Ledger): Promise<Waiting> {
  const orders: TakenOrder[] = [];
  const merged: Entry[] = [];
  for (const one of await proposed(mirror, ledger.seal)) {
    const { state, revision } = await askedOf(hub, one.branch);
    const known = (ledger.seen.get(lifeKey(one.entry))?.sequence ?? 0) >= one.sequence;
    if (state === "Closed" || (state === "Merged" && known)) await takeAway(mirror, one);
    if (state === "Merged" && !known) merged.push(...(await mergedAs(mirror, ledger.head, one, revision)));
    const { app, layer, sequence, key } = one;
    orders.push({ app, layer, sequence, key, state: SEEN[state] });
  }
  return { orders, ledger: withEntries(ledger, merged) };
}

async function mergedAs(
  mirror: Mirror,
  head: string,
  { entry }: Proposed,
  revision: string | undefined,
): Promise<readonly Entry[]> {
  if (revision === undefined || !(await isAncestor(mirror, revision, head))) return [];
  const { code, out } = await mirror.run(["rev-parse", "--quiet", "--verify", `${revision}^1`]);
  return [{ ...entry, commit: revision, parent: code === 0 ? out.toString().trim() : undefined }];
}
