import { GROUP, type Tier, TIERS, type Verb, VERBS } from "./group.ts";

/** One action annotation `<verb>.ashat.raos.io/<tier>[.<slot>]: <token> [reason]` together with its stamp. */
export interface Action {
  readonly verb: Verb;
  readonly tier: Tier;
  readonly slot: string;
  readonly token: string;
  readonly reason: string;
  /** Who the API server says acted; absent without a stamp, and then the action does not count. */
  readonly by?: string;
}

export const actionKey = (verb: Verb, tier: Tier, slot = ""): string =>
  `${verb}.${GROUP}/${tier}${slot === "" ? "" : `.${slot}`}`;

export const stampKey = (verb: Verb, tier: Tier, slot = ""): string =>
  `by.${GROUP}/${verb}.${tier}${slot === "" ? "" : `.${slot}`}`;

/** What a slot may be: it becomes part of two annotation keys, whose names end at 63 characters. */
export const SLOT_PATTERN = "[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?";

/** What follows the verb in every action key, and what no other annotation key of an update contains. */
export const ACTION_INFIX = `.${GROUP}/`;

export const AUTHOR_KEY = `by.${GROUP}/author`;

/** The actions on an update, ordered by verb, tier and slot. What is not an action of this form is not one: admission refuses it. */
export function actionsOf(annotations: Readonly<Record<string, string>>): readonly Action[] {
  return Object.entries(annotations)
    .flatMap(([key, value]): Action[] => {
      const [prefix = "", rest = ""] = key.split(ACTION_INFIX);
      const verb = VERBS.find((known) => known === prefix);
      const [tierName = "", ...slots] = rest.split(".");
      const tier = TIERS.find((known) => known === tierName);
      if (verb === undefined || tier === undefined) return [];
      const slot = slots.join(".");
      const [token = "", ...reason] = value.trim().split(/\s+/);
      const by = annotations[stampKey(verb, tier, slot)];
      return [{ verb, tier, slot, token, reason: reason.join(" "), ...(by === undefined ? {} : { by }) }];
    })
    .sort((a, b) => (actionKey(a.verb, a.tier, a.slot) < actionKey(b.verb, b.tier, b.slot) ? -1 : 1));
}
