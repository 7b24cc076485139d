import { posix } from "node:path";
import { orderKey } from "../../api/order.ts";
import type { RunningRelease, TakenOrder, TargetReport } from "../../api/report.ts";
import { changesOf, fileOf } from "./edits/change.ts";
import { folderOf } from "./edits/inside.ts";
import { isDigest, releaseIn, type Sources, standing, valuesHash } from "./fields.ts";
import { deliveryIn, type Entry, type Ledger } from "./ledger.ts";
import type { GitPlace } from "./target.ts";
import type { Waiting } from "./waiting.ts";

const MOST_APPS = 100;

const isOf =
  ({ path }: GitPlace) =>
  ({ folder, app, layer }: Entry): boolean =>
    folderOf(path, app, layer) === folder;

/** What the branch says that runs: the newest delivery, or whatever somebody wrote over it by hand. */
async function runningBy(
  sources: Sources,
  head: string,
  { app, layer, sequence, commit, parent, version, digest, wrote, values }: Entry,
  before: Entry | undefined,
): Promise<RunningRelease> {
  const now = await standing(sources, head, wrote);
  const same = valuesHash(now) === values;
  const there = same ? { version, digest } : releaseIn(now);
  const was = parent === undefined ? undefined : await standing(sources, parent, wrote);
  const kept =
    parent !== undefined &&
    before !== undefined &&
    valuesHash(await standing(sources, parent, before.wrote)) === before.values;
  const previous = kept ? { version: before.version, digest: before.digest } : was && releaseIn(was);
  return {
    app,
    layer,
    sequence,
    ...there,
    modules: [],
    // Another content is another release, which may have been delivered under other words; it is not this one with something changed.
    ...(!same &&
      there.digest === digest && {
        changed: `${[...new Set(wrote.map(({ file }) => file))].join(", ")} was changed since commit ${commit.slice(0, 12)} delivered ${version}.`,
      }),
    ...(previous && { previous }),
  };
}

/** Where no commit is known to have delivered, what stands in the fields is all there is; what a commit says of itself is not asked. */
async function standingIn(
  sources: Sources,
  head: string,
  { app, layer, sequence, wrote }: Entry,
): Promise<RunningRelease> {
  return { app, layer, sequence, ...releaseIn(await standing(sources, head, wrote)), modules: [] };
}

/** The files that a delivery writes there, as the Server names them. */
const isWritten = ({ change }: GitPlace, { folder, wrote }: Entry): boolean => {
  const files = changesOf(change).map((one) => posix.join(folder, fileOf(one)));
  return wrote.length > 0 && wrote.every(({ file }) => files.includes(file));
};

async function runningOf(
  place: GitPlace,
  sources: Sources,
  { head, newest, unproven }: Ledger,
): Promise<readonly RunningRelease[]> {
  const apps: RunningRelease[] = [];
  for (const orders of newest.values()) {
    const [claim] = orders[0] ?? [];
    if (claim === undefined || !isOf(place)(claim)) continue;
    const delivered: Entry[] = [];
    for (const order of orders) {
      const entry = await deliveryIn(sources, order);
      if (entry !== undefined) delivered.push(entry);
    }
    const [entry, before] = delivered;
    apps.push(entry ? await runningBy(sources, head, entry, before) : await standingIn(sources, head, claim));
  }
  for (const [at, claim] of unproven) {
    if (apps.length >= MOST_APPS || newest.has(at) || !isOf(place)(claim) || !isWritten(place, claim)) continue;
    const found = await standingIn(sources, head, claim);
    // Only a content that the fields themselves name is one; another hash of them would be called drift.
    if (isDigest(found.digest)) apps.push(found);
  }
  return apps;
}

const taken = ({ app, layer, sequence, key }: Entry): TakenOrder => ({ app, layer, sequence, key, state: "Applied" });

/** What the history and the files of a branch tell about one target, and its orders that wait for a merge. */
export async function runningAt(
  place: GitPlace,
  sources: Sources,
  { ledger, orders: waiting }: Waiting,
): Promise<TargetReport> {
  const apps = await runningOf(place, sources, ledger);
  const orders = new Map<string, TakenOrder>();
  for (const entry of ledger.seen.values())
    if (entry.targetUid === place.uid) orders.set(`${entry.app}.${entry.layer}`, taken(entry));
  for (const order of waiting) {
    const at = `${order.app}.${order.layer}`;
    if ((orders.get(at)?.sequence ?? 0) < order.sequence) orders.set(at, order);
  }
  return { apps, seen: [...orders.values()] };
}

export const keyOf = (place: GitPlace, app: string, layer: string, sequence: number): string =>
  orderKey({ targetUid: place.uid, app, layer, sequence });
