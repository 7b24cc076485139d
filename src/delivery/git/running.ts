import { orderKey } from "../../api/order.ts";
import type { RunningRelease, TakenOrder, TargetReport } from "../../api/report.ts";
import { folderOf } from "./edits/inside.ts";
import { releaseIn, sameValues, type Sources, standing, tellsOther } from "./fields.ts";
import type { Entry, Ledger } from "./ledger.ts";
import type { GitPlace } from "./target.ts";

const isOf =
  ({ path }: GitPlace) =>
  ({ folder, app, layer }: Entry): boolean =>
    folderOf(path, app, layer) === folder;

/** What the branch says that runs: the newest delivery, or whatever somebody wrote over it by hand. */
async function runningBy(
  sources: Sources,
  head: string,
  { app, layer, sequence, commit, parent, version, digest, wrote }: Entry,
  before: Entry | undefined,
): Promise<RunningRelease> {
  const [then, now] = [await standing(sources, commit, wrote), await standing(sources, head, wrote)];
  // A commit may say of itself what it does not have: whoever merges, or pushes there, writes both.
  const same = sameValues(then, now) && !tellsOther(now, digest);
  const was = parent === undefined ? undefined : await standing(sources, parent, wrote);
  const kept =
    parent !== undefined &&
    before !== undefined &&
    sameValues(await standing(sources, before.commit, before.wrote), await standing(sources, parent, before.wrote));
  const previous = kept ? { version: before.version, digest: before.digest } : was && releaseIn(was);
  return {
    app,
    layer,
    sequence,
    ...(same ? { version, digest } : releaseIn(now)),
    modules: [],
    ...(!same && {
      changed: `${[...new Set(wrote.map(({ file }) => file))].join(", ")} was changed since commit ${commit.slice(0, 12)} delivered ${version}.`,
    }),
    ...(previous && { previous }),
  };
}

const taken = ({ app, layer, sequence, key }: Entry): TakenOrder => ({ app, layer, sequence, key, state: "Applied" });

/** What the history and the files of a branch tell about one target; `waiting` are its orders that are not merged yet. */
export async function runningAt(
  place: GitPlace,
  sources: Sources,
  { head, newest, seen }: Ledger,
  waiting: readonly TakenOrder[],
): Promise<TargetReport> {
  const apps: RunningRelease[] = [];
  for (const [entry, before] of newest.values())
    if (entry !== undefined && isOf(place)(entry)) apps.push(await runningBy(sources, head, entry, before));
  const orders = new Map<string, TakenOrder>();
  for (const entry of seen.values())
    if (entry.targetUid === place.uid) orders.set(`${entry.app}.${entry.layer}`, taken(entry));
  for (const order of waiting) {
    const at = `${order.app}.${order.layer}`;
    if ((orders.get(at)?.sequence ?? 0) < order.sequence) orders.set(at, order);
  }
  return { apps, seen: [...orders.values()] };
}

export const keyOf = (place: GitPlace, app: string, layer: string, sequence: number): string =>
  orderKey({ targetUid: place.uid, app, layer, sequence });
