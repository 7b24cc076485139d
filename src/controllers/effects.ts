import type { Effect } from "../core/decision.ts";

/** Effects that must be done one after the other, each group of them at once: a record stands before what follows it begins. */
export function inOrder<E extends Pick<Effect, "do">>(effects: readonly E[]): readonly (readonly E[])[] {
  const groups: E[][] = [];
  for (const effect of effects) {
    const last = groups.at(-1);
    if (last === undefined || effect.do === "record" || last[0]?.do === "record") groups.push([effect]);
    else last.push(effect);
  }
  return groups;
}
