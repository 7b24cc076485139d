import { actionsOf } from "../api/actions.ts";
import type { DeploymentStatus } from "../api/deployment.ts";
import { keyOf } from "../runtime/kind.ts";
import type { Client } from "../kube/client.ts";
import { DEPLOYMENTS, type Raw } from "./kinds.ts";

/** An update that waits for approvals although somebody gave one: what was approved has changed since. */
export interface VoidApprovals {
  /** `namespace/name` of the update. */
  readonly update: string;
  readonly tier: string;
  readonly people: readonly string[];
  /** What changed: record, targets, quarantine, policies. */
  readonly because: string;
}

/** As the operator saw it last: nobody else can say what a token stands for. */
export function voidApprovalsOf(raw: Raw): VoidApprovals | undefined {
  const { tier, blockedBy = [], voided = [] } = (raw.status as Partial<DeploymentStatus> | undefined) ?? {};
  if (tier === undefined || !blockedBy.some(({ gate }) => gate === "approvals")) return undefined;
  const old = new Map(voided.map(({ token, by }) => [token, by]));
  const given = actionsOf(raw.metadata.annotations ?? {}).filter(
    (action) => action.verb === "approve" && action.tier === tier && old.has(action.token),
  );
  if (given.length === 0) return undefined;
  return {
    update: keyOf(raw),
    tier,
    people: [...new Set(given.flatMap(({ by }) => by ?? []))],
    because: [...new Set(given.map(({ token }) => old.get(token)))].join(", "),
  };
}

/** All of the cluster, a page at a time. */
export async function voidApprovals(client: Client): Promise<readonly VoidApprovals[]> {
  const found: VoidApprovals[] = [];
  for await (const { items } of client.pages(DEPLOYMENTS))
    for (const raw of items) {
      const one = voidApprovalsOf(raw);
      if (one !== undefined) found.push(one);
    }
  return found;
}

const SHOWN = 20;

/** One line each; nothing is wrong with the installation, but somebody has to act. */
export const voidLines = (found: readonly VoidApprovals[]): readonly string[] => [
  ...found
    .slice(0, SHOWN)
    .map(
      ({ update, tier, people, because }) =>
        `${update} waits for ${tier} to be approved again: the approval of ${people.join(" and ") || "nobody known"} does not count any more, because ${because} changed`,
    ),
  ...(found.length > SHOWN
    ? [`and ${found.length - SHOWN} more: kubectl get adep --all-namespaces, phase AwaitingApproval`]
    : []),
];
