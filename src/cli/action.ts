import { actionKey, actionsOf, stampKey } from "../api/actions.ts";
import { GROUP, type Tier, TIERS, type Verb, VERBS } from "../api/group.ts";

export interface Asked {
  readonly verb: Verb;
  readonly tier: Tier;
  readonly token: string;
  readonly reason?: string;
}

const ACTION = new RegExp(
  ` (${VERBS.join("|")})[.]${GROUP.replaceAll(".", "[.]")}/(${TIERS.join("|")})(?:[.][-a-z0-9]+)?=([0-9a-f]{16})( |$)`,
);

/** The action in a printed command; none where it does something else, such as deleting. */
export function actionIn(command: string | undefined): Asked | undefined {
  const [, verbName, tierName, token] = ACTION.exec(command ?? "") ?? [];
  const verb = VERBS.find((known) => known === verbName);
  const tier = TIERS.find((known) => known === tierName);
  if (verb === undefined || tier === undefined || token === undefined) return undefined;
  return { verb, tier, token };
}

/** The annotations that act: in the first slot nobody used, with the stamp where the client has to write it. */
export function annotationsFor(
  { verb, tier, token, reason = "" }: Asked,
  annotations: Readonly<Record<string, string>>,
  stampedBy: string | undefined,
): Readonly<Record<string, string>> {
  const used = new Set(
    actionsOf(annotations)
      .filter((action) => action.verb === verb && action.tier === tier)
      .map(({ slot }) => slot),
  );
  const slot = ["", ...Array.from(used, (_, index) => String(index + 2))].find((free) => !used.has(free)) ?? "";
  return {
    [actionKey(verb, tier, slot)]: `${token} ${reason}`.trim(),
    ...(stampedBy === undefined ? {} : { [stampKey(verb, tier, slot)]: stampedBy }),
  };
}

/** Whether this person stands for it already, under this very token. */
export const actedAlready = (
  annotations: Readonly<Record<string, string>>,
  { verb, tier, token }: Asked,
  who: string,
): boolean =>
  actionsOf(annotations).some(
    (action) => action.verb === verb && action.tier === tier && action.token === token && action.by === who,
  );
