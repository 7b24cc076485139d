import type { TakenOrder } from "../../api/report.ts";
import { type Proposed, proposed, takeAway } from "./branches.ts";
import type { GitHub, PullRequest } from "./github.ts";
import type { Mirror } from "./mirror.ts";
import type { CommitSeal } from "./seal.ts";
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
const stateOf = (hub: GitHub, { branch }: Proposed): Promise<State> =>
  hub.find(branch).then(
    (pull) => pull?.state ?? "None",
    (error: unknown) => {
      if (error instanceof GitTrouble) return "Unknown";
      throw error;
    },
  );

/** The orders of a target that were proposed. One that nobody can merge any more has ended: it keeps no later one waiting, and its branch goes. */
export async function waitingAt(mirror: Mirror, hub: GitHub, seal: CommitSeal): Promise<readonly TakenOrder[]> {
  const orders: TakenOrder[] = [];
  for (const one of await proposed(mirror, seal)) {
    const state = await stateOf(hub, one);
    if (state === "Closed" || state === "Merged") await takeAway(mirror, one);
    const { app, layer, sequence, key } = one;
    orders.push({ app, layer, sequence, key, state: SEEN[state] });
  }
  return orders;
}
