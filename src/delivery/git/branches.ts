import { createHash } from "node:crypto";
import { orderKey } from "../../api/order.ts";
import type { TakenOrder } from "../../api/report.ts";
import { type Mirror, must } from "./mirror.ts";
import type { GitPlace } from "./target.ts";

const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex").slice(0, 8);

/** The branch of one order. The end is of its key, so that another life of the target, or another split of the names, has another one. */
export const branchOf = (
  { name }: Pick<GitPlace, "name">,
  order: Pick<TakenOrder, "app" | "layer" | "sequence" | "key">,
): string => `ashat/${name}/${order.app}-${order.layer}-${order.sequence}-${hashOf(order.key)}`;

/** The order a branch is of; undefined for one of another target. */
function orderOn(place: GitPlace, branch: string): TakenOrder | undefined {
  const prefix = `ashat/${place.name}/`;
  const [, names, digits, hash] =
    (branch.startsWith(prefix)
      ? /^([a-z0-9-]+)-([1-9][0-9]{0,9})-([0-9a-f]{8})$/.exec(branch.slice(prefix.length))
      : null) ?? [];
  if (names === undefined || digits === undefined) return undefined;
  const sequence = Number(digits);
  for (let dash = names.indexOf("-"); dash > 0; dash = names.indexOf("-", dash + 1)) {
    const [app, layer] = [names.slice(0, dash), names.slice(dash + 1)];
    const key = orderKey({ targetUid: place.uid, app, layer, sequence });
    if (hashOf(key) === hash) return { app, layer, sequence, key, state: "Switching" };
  }
  return undefined;
}

/** The orders of a target whose branches are there: proposed, and perhaps merged or closed since. */
export async function proposed(mirror: Mirror): Promise<readonly TakenOrder[]> {
  const { place } = mirror;
  const out = await must(mirror, ["ls-remote", "--heads", "origin", `refs/heads/ashat/${place.name}/*`]);
  return out
    .toString()
    .split("\n")
    .flatMap((line) => {
      const [, branch] = /^[0-9a-f]+\trefs\/heads\/(.+)$/.exec(line) ?? [];
      const order = branch === undefined ? undefined : orderOn(place, branch);
      return order === undefined ? [] : [order];
    });
}
