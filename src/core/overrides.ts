import { type Action, actionsOf } from "../api/actions.ts";
import { TIME_GATES, type RecordBody, type TimeGate } from "../api/record.ts";
import { askedBy } from "./actor.ts";
import { actionCommand } from "./commands.ts";
import type { EventDraft, Shut } from "./decision.ts";
import type { Observed } from "./observed.ts";
import type { Situation } from "./situation.ts";

/** Somebody who opens what only time keeps shut. */
export interface Overriding {
  readonly user: string;
  readonly reason: string;
}

/** Why an override opens nothing, whoever wrote it. */
export function whyNoOverride({ token, reason }: Action, wanted: string): string | undefined {
  if (token !== wanted) return `names ${token === "" ? "no token" : token}, and the token is ${wanted}`;
  return reason === "" ? "gives no reason, and opens nothing without one" : undefined;
}

/** The overrides of the tier that stand now, one per person. */
export function overridesOf({ observed, tier, token }: Situation): readonly Overriding[] {
  const { policies, deployment } = observed;
  const byPerson = new Map<string, Overriding>();
  for (const action of actionsOf(deployment.metadata.annotations)) {
    if (action.verb !== "override" || action.tier !== tier) continue;
    const user = askedBy(action, policies);
    if (user === undefined || whyNoOverride(action, token.value) !== undefined || byPerson.has(user)) continue;
    byPerson.set(user, { user, reason: action.reason.slice(0, 512) });
  }
  return [...byPerson.values()].slice(0, NAMED);
}

const NAMED = 20;

/** What a record says of the gates that were opened before their time; nothing where none was. */
export function overridden(
  overrides: readonly Overriding[],
  opened: readonly TimeGate[],
): NonNullable<RecordBody["overrides"]> {
  const gates = TIME_GATES.filter((gate) => opened.includes(gate));
  return gates.length === 0 ? [] : overrides.map((one) => ({ ...one, gates }));
}

/** The same for people, to be put behind what was done. */
export const overriddenNote = (list: NonNullable<RecordBody["overrides"]>): string =>
  list.map(({ user, reason, gates }) => `; ${user} opened ${gates.join(" and ")} before the time: ${reason}`).join("");

/** Whoever is watching is told of each override that was used since the status was last written, and of the same one once. */
export function overrideWarnings({
  deployment,
  records,
}: Pick<Observed, "deployment" | "records">): readonly EventDraft[] {
  const known = deployment.status.records?.count ?? 0;
  return records.slice(known).flatMap(({ overrides, tier = "", token = "", message }): EventDraft[] => {
    if (overrides === undefined) return [];
    const content = [tier, token, ...overrides.flatMap(({ user, reason }) => [user, reason])];
    return [{ type: "Warning", reason: "Overridden", note: message, content }];
  });
}

/** Who need not wait for the time, to be put behind who would otherwise open the gate. */
export const inAnEmergency = ({ tier }: Pick<Situation, "tier">): string =>
  `in an emergency, people with the right to override on ${tier} open it at once`;

/** Opens every time gate of the tier, once whoever runs it has put in a reason. */
export const overrideCommand = ({ observed, tier, token }: Situation): Pick<Shut, "command" | "token"> => ({
  command: actionCommand(
    observed.deployment,
    { verb: "override", tier, token: token.value, reason: "<reason>" },
    observed.policies,
  ),
  token: token.value,
});
