import { type Tier, TIERS } from "../api/group.ts";
import { actionIn } from "./action.ts";
import type { Update } from "./kinds.ts";
import { idOf } from "./names.ts";

/** Makes a command of ours whole: with the namespace where it is not the one of the kubeconfig. */
export type Say = (words: string) => string;

/** What somebody would type next, as things stand; none where nobody has to do anything. */
export function nextOf(update: Update, deploy: Say): string | undefined {
  const { phase, blockedBy = [], tier } = update.status ?? {};
  const id = idOf(update);
  switch (phase) {
    case undefined:
    case "Delivering":
    case "Verifying":
      return tier === undefined || tier === "public" ? deploy(`verify ${id}`) : deploy(`status ${id} --watch`);
    case "RollingBack":
      return deploy(`status ${id} --watch`);
    case "AwaitingApproval":
      return deploy(`approve ${id}`);
    case "Waiting": {
      const [first] = blockedBy;
      if (blockedBy.some(({ gate }) => gate === "approvals")) return deploy(`approve ${id}`);
      if (first?.gate === "references")
        return deploy(`configure ${tier === "mainframes" ? "omega" : (tier ?? "public")} <url> <name>`);
      // What time opens needs no command: the one that overrides it is for an emergency.
      return first === undefined || PASSING.includes(first.gate) || first.command === undefined
        ? deploy(`status ${id}${isMoving(update) ? " --watch" : ""}`)
        : first.command;
    }
    case "Held": {
      const command = blockedBy.find(({ gate }) => gate === "held")?.command;
      const action = actionIn(command);
      if (action?.verb === "verify")
        return deploy(`verify ${id} --again${action.tier === "public" ? "" : ` --tier ${action.tier}`}`);
      if (action?.verb === "rollback") return deploy(`rollback ${id} --tier ${action.tier}`);
      return command;
    }
    case "Completed":
      return deploy(`history ${id} --verify`);
    case "RolledBack":
    case "Cancelled":
    case "Superseded":
    case "Refused":
      return deploy(`history ${id}`);
    default:
      return phase;
  }
}

/** The same with what else one may do: what is held can be repeated, or put back. */
export function waysOn(update: Update, deploy: Say): readonly string[] {
  const next = nextOf(update, deploy);
  const held = actionIn(update.status?.blockedBy?.find(({ gate }) => gate === "held")?.command);
  const back = held?.verb === "verify" ? [deploy(`rollback ${idOf(update)} --tier ${held.tier}`)] : [];
  return [...(next === undefined ? [] : [next]), ...back];
}

const OVER = ["Completed", "RolledBack", "Cancelled", "Superseded", "Refused"];

/** Whether the update is on no way any more. */
export const isOver = (update: Update): boolean => OVER.includes(update.status?.phase ?? "");

/** Gates that open by themselves in a while; at every other one somebody has to do something. */
const PASSING = ["reachable", "agent", "claim", "soak", "window", "queue"];

/** Whether it goes on without anybody doing anything. */
export function isMoving(update: Update): boolean {
  const { phase, blockedBy = [] } = update.status ?? {};
  if (phase === undefined || phase === "Delivering" || phase === "Verifying" || phase === "RollingBack") return true;
  return phase === "Waiting" && blockedBy.every(({ gate }) => PASSING.includes(gate));
}

/** Whether there is nothing to watch before somebody decides what becomes of it; an approval is waited for. */
export const hasStopped = (update: Update): boolean => isOver(update) || update.status?.phase === "Held";

/** Tiers that something was delivered to, in their order. */
export const begunTiers = (update: Update): readonly Tier[] =>
  TIERS.filter((tier) =>
    update.status?.tiers?.some(
      ({ name, targets }) => name === tier && targets.some(({ state }) => BEGUN.includes(state)),
    ),
  );

const BEGUN = ["Delivering", "Verifying", "Passed", "Held", "RollingBack", "RolledBack"];
