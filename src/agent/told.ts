import type { Entry } from "./journal.ts";

const keptBeside = (previous: string | undefined): string =>
  previous === undefined ? "there was no release before it." : `the release before it, ${previous}, is kept beside.`;

/** How a machine stands once an order that could not be ended has switched: what is in place, and what lies beside it. */
export const afterSwitch = ({ order, release = "", previous, left, stood }: Entry): string => {
  if (order.action === "deliver")
    return `The new release ${release} is in place and nothing was restored; ${keptBeside(previous)}`;
  if (stood === true || left === undefined)
    return `The release to be restored, ${release}, was in place already and stays there.`;
  return `The restored release ${release} is in place; the one that was in place until then, ${left}, is kept beside.`;
};
