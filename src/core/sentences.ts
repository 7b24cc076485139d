import { GROUP, type Tier } from "../api/group.ts";
import { TIME_GATES } from "../api/record.ts";
import { orderEnded } from "../api/order.ts";
import type { Phase } from "../api/states.ts";
import type { Shut } from "./decision.ts";
import { namesOf } from "./names.ts";
import type { Observed, SeenTarget } from "./observed.ts";
import type { Progress } from "./progress.ts";
import type { Situation } from "./situation.ts";
import type { Say } from "./status.ts";
import { wayTo } from "./ways.ts";

/** The one sentence of an update under way: what happens, or what blocks, who can open it, and how. */
export function messageOf({ observed, tier, targets }: Situation, phase: Phase, blockedBy: Say["blockedBy"]): string {
  const { spec } = observed.deployment;
  const where = `${nameTier(tier)} (${namesOf(targets.map(({ target }) => target))})`;
  if (phase === "Delivering")
    return [`${spec.version} is being delivered to ${where}`, ...targets.flatMap(awaitedAt)].join("; ").slice(0, 2048);
  if (phase === "Verifying") return `${spec.version} is being verified on ${where}`;
  const first = blockedBy[0];
  if (first === undefined) return `${spec.version} is about to begin ${nameTier(tier)}`;
  // What time opens needs no command: the one that overrides it is for an emergency.
  const byItself = TIME_GATES.some((gate) => gate === first.gate);
  return byItself ? `${bare(first)} (${first.who})` : wayOn(first);
}

/**
 * What a commit or an apply still waits for, which may be long and is somebody's to look after: a merge, a revision that is not seen, what is
 * not healthy. Nothing of what is well and only has to stay so, because those sentences count seconds.
 */
function awaitedAt({ target, orders }: SeenTarget): readonly string[] {
  if (wayTo(target).by === "agent") return [];
  return Object.values(orders).flatMap((order) =>
    order.state === "Reported" && !orderEnded(order.report.state) && order.report.reason !== "Working"
      ? [`${target.metadata.name} waits: ${order.report.message}`]
      : [],
  );
}

/** What blocks and how it is opened, or by whom where no command does. */
function wayOn(shut: Shut): string {
  const { command, who } = shut;
  if (command === undefined) return `${bare(shut)} (${who})`;
  // After what went wrong, a command alone would read as what was not done.
  if (isVerify(shut)) return `${bare(shut)}; this verifies it again: ${command}`;
  return `${withoutBeginning(bare(shut), command)}: ${command}`;
}

const isVerify = ({ gate, command = "" }: Shut): boolean => gate === "held" && command.includes(` verify.${GROUP}/`);

/** Where a sentence names how its command begins (`: ashat licence issue ... ...`), the whole command says it. */
const withoutBeginning = (message: string, command: string): string =>
  message.replace(/: (\S[^:]*) \.\.\.$/, (named, begins: string) => (command.startsWith(begins) ? "" : named));

/** Sentences of agents and licences end in a full stop; ours go on. */
const bare = ({ message }: Shut): string => message.replace(/(?<!\.)\.$/, "");

/** The sentence of an update that is through: what was left out on the way is named. */
export function completed({ deployment }: Observed, progress: Progress): string {
  const left = [...progress.tiers.mainframes.targets.values()].filter(({ state }) => state !== "Passed");
  const out =
    left.length === 0
      ? ""
      : `; left out: ${namesOf(left.map((at) => ({ metadata: at })))} (kubectl get adr -n ${deployment.metadata.namespace} says why)`;
  return `${deployment.spec.app} ${deployment.spec.version} passed every tier${out}`;
}

const nameTier = (tier: Tier): string =>
  tier === "alpha" || tier === "omega" ? tier.toUpperCase() : tier === "public" ? "Public" : "the mainframes";

/** Why something is taken back, among the records of how. */
const CAUSES: readonly string[] = ["RollbackAsked", "RestoreOnFailure"];

/** The sentence of an update that is, or was, taken back. */
export function takenBack({ deployment, records }: Observed, phase: Phase, blockedBy: Say["blockedBy"]): string {
  const { app, version } = deployment.spec;
  const first = blockedBy[0];
  if (first !== undefined) return wayOn(first);
  const why = records.findLast(({ to, reason }) => to === "RollingBack" && CAUSES.includes(reason))?.message ?? "";
  if (phase !== "RolledBack") return `${app} ${version} is being rolled back: ${why}`;
  const what = records.findLast(({ to }) => to === "RolledBack")?.message ?? "nothing had to be restored";
  return `${app} ${version} was rolled back: ${what} (${why})`;
}
