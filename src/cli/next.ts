import { type Tier, TIERS } from "../api/group.ts";
import { TIME_GATES } from "../api/record.ts";
import { actionIn } from "./action.ts";
import type { Update } from "./kinds.ts";
import { idOf } from "./names.ts";
import { DOCTOR, unseen } from "./unseen.ts";

/** Makes a command of ours whole: with the namespace where it is not the one of the kubeconfig. */
export type Say = (words: string) => string;

/** What somebody would type next, as things stand at this time; none where nobody has to do anything. */
export function nextOf(update: Update, deploy: Say, now: number): string | undefined {
  const { phase, blockedBy = [], tier } = update.status ?? {};
  const id = idOf(update);
  if (unseen(update, now)) return DOCTOR;
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

/** The same with what else one may do: what is held can be repeated, or put back, and what waits for its time need not. */
export function waysOn(update: Update, deploy: Say, now: number): readonly string[] {
  const next = nextOf(update, deploy, now);
  const held = actionIn(update.status?.blockedBy?.find(({ gate }) => gate === "held")?.command);
  const back = held?.verb === "verify" ? [deploy(`rollback ${idOf(update)} --tier ${held.tier}`)] : [];
  const early = waitsForItsTime(update)
    ? [`in an emergency: ${deploy(`override ${idOf(update)} --reason '<why>'`)}`]
    : [];
  return [...(next === undefined ? [] : [next]), ...back, ...early];
}

const waitsForItsTime = ({ status: { phase, blockedBy = [] } = { observedGeneration: -1 } }: Update): boolean =>
  phase === "Waiting" && blockedBy.length > 0 && blockedBy.every(({ gate }) => TIME_GATES.some((one) => one === gate));

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
