import { type Action, actionsOf } from "../api/actions.ts";
import type { Tier } from "../api/group.ts";
import type { RecordBody } from "../api/record.ts";
import { requiredApprovals, type Server, type ServerSpec } from "../api/server.ts";
import type { Observed } from "./observed.ts";
import { progressOf } from "./progress.ts";
import { isServiceAccount } from "./source.ts";
import { feedersOf, isServer, targetsOf } from "./tiers.ts";
import { quarantineAt } from "./token.ts";

export interface Approvals {
  /** Distinct people needed by the strictest server. */
  readonly required: number;
  /** How many count for the server that is furthest from its number. */
  readonly counted: number;
  readonly missing: number;
  /** Those that count, one per person. */
  readonly standing: NonNullable<RecordBody["approvals"]>;
  /** Approvals that are there and do not count, and why. */
  readonly ignored: readonly { readonly action: Action; readonly why: string }[];
}

interface ApprovalRule {
  readonly server: string;
  readonly required: number;
  readonly author: ServerSpec["approval"]["author"];
  readonly syncBots: readonly string[];
}

/** Who created the update, where the API server said so while its policies were proven: the record keeps what it was then. */
function authorOf({ records }: Observed): string | undefined {
  const actor = records[0]?.actor;
  return actor?.known === "Admission" ? actor.name : undefined;
}

/** Counts the approvals of a tier that stand now under the given token. Distinct people count, never slots. */
export function approvalsOf(tier: Tier, token: string, observed: Observed): Approvals {
  const { annotations } = observed.deployment.metadata;
  const given = actionsOf(annotations).filter((action) => action.verb === "approve" && action.tier === tier);
  const author = authorOf(observed);
  const rules = approvalRules(tier, observed);
  const judged = given.map((action) => ({
    action,
    objections: rules.map((rule) => objection(action, rule, token, author)),
  }));
  const people = (ruleIndex: number): Set<string> =>
    new Set(
      judged.flatMap(({ action, objections }) =>
        action.by !== undefined && objections[ruleIndex] === undefined ? [action.by] : [],
      ),
    );
  const perRule = rules
    .map((rule, index) => ({ required: rule.required, counted: people(index).size }))
    .sort((a, b) => b.required - b.counted - (a.required - a.counted) || b.required - a.required);
  const worst = perRule[0] ?? { required: 0, counted: 0 };
  const counting = judged.filter(({ objections }) => objections.some((reason) => reason === undefined));
  return {
    required: Math.max(0, ...rules.map((rule) => rule.required)),
    counted: worst.counted,
    missing: Math.max(0, worst.required - worst.counted),
    standing: distinct(counting.map(({ action }) => action)),
    ignored: judged.flatMap(({ action, objections }, index) => {
      const why = objections.find((reason) => reason !== undefined);
      if (why !== undefined) return [{ action, why }];
      const again = judged
        .slice(0, index)
        .some((before) => before.action.by === action.by && !before.objections.some(Boolean));
      return again ? [{ action, why: "one person counts once, in whichever slot" }] : [];
    }),
  };
}

function approvalRules(tier: Tier, observed: Observed): readonly ApprovalRule[] {
  const atLeast = quarantineAt(tier, observed) === undefined ? 0 : 1;
  const progress = progressOf(observed.records);
  const servers =
    tier === "mainframes" ? feedersOf(observed.targets, progress) : targetsOf(tier, observed.targets, progress);
  return servers.flatMap(({ target }) => {
    if (!isServer(target)) return [];
    const { approval } = target.spec;
    const required = tier === "mainframes" ? forItsMainframes(observed, target) : requiredApprovals(target.spec);
    return [
      {
        server: target.metadata.name,
        required: Math.max(required, atLeast),
        author: approval.author,
        syncBots: approval.syncBots,
      },
    ];
  });
}

/** The approval of OMEGA covers the distribution; where OMEGA needed none, because it ran this already, there is nothing to cover it. */
function forItsMainframes({ records }: Observed, { metadata, spec }: Server): number {
  const approved = records.some(
    (record) =>
      record.tier === "omega" &&
      record.approvals !== undefined &&
      record.targets?.some(({ uid }) => uid === metadata.uid),
  );
  return approved
    ? spec.approval.mainframes.required
    : Math.max(spec.approval.mainframes.required, requiredApprovals(spec));
}

/** Why an approval does not count for a server; nothing when it does. */
function objection(action: Action, rule: ApprovalRule, token: string, author: string | undefined): string | undefined {
  if (action.by === undefined)
    return "nobody stamped it: it was written while the admission policies were not in force";
  if (action.token !== token)
    return `it names ${action.token === "" ? "no token" : action.token}, and the token is ${token}`;
  if (isServiceAccount(action.by) && !rule.syncBots.includes(action.by))
    return `${action.by} is a program, and approval.syncBots of server ${rule.server} does not list it`;
  if (rule.author === "Allow") return undefined;
  if (author === undefined || isServiceAccount(author))
    return `server ${rule.server} lets no author approve, and who the author is cannot be known${author === undefined ? "" : ` behind ${author}`}`;
  return author === action.by
    ? `${author} created the update, and server ${rule.server} lets no author approve`
    : undefined;
}

/** Twice as many as any server can ask for. */
const NAMED = 20;

function distinct(actions: readonly Action[]): Approvals["standing"] {
  const byPerson = new Map<string, Action>();
  for (const action of actions)
    if (action.by !== undefined && !byPerson.has(action.by)) byPerson.set(action.by, action);
  return [...byPerson].slice(0, NAMED).map(([user, { slot, token, reason }]) => ({
    user,
    token,
    ...(slot === "" ? {} : { slot }),
    ...(reason === "" ? {} : { reason: reason.slice(0, 512) }),
  }));
}
