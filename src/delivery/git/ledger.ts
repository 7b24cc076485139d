import { parseOrderKey } from "../../api/order.ts";
import { type Sources, sourcesOf, standing, valuesHash } from "./fields.ts";
import { type Told, toldBy } from "./message.ts";
import { type Mirror, must } from "./mirror.ts";
import type { CommitSeal } from "./seal.ts";

/** A commit that says of itself that it delivers. */
export interface Entry extends Told {
  readonly commit: string;
  readonly parent: string | undefined;
}

/** The deliveries of a branch, read once per head: only what an operator with our key has said of a commit. */
export interface Ledger {
  readonly head: string;
  readonly seal: CommitSeal;
  /** The newest orders of every folder, app and layer, whichever life of the target wrote them; the commits with their words, oldest first. */
  readonly newest: ReadonlyMap<string, readonly (readonly Entry[])[]>;
  /** The highest sequence per target uid, app and layer. */
  readonly seen: ReadonlyMap<string, Entry>;
  /** The newest commit per folder, app and layer whose words nobody proves: they count for nothing, and where they say that they wrote can be read. */
  readonly unproven: ReadonlyMap<string, Entry>;
}

/** One that others took away again, or never had, leaves the one before it. */
const KEPT = 3;
/** The same words again and again are no delivery of ours. */
const REPEATED = 4;
const MOST_UNPROVEN = 1_000;
export const placeKey = ({ folder, app, layer }: Pick<Told, "folder" | "app" | "layer">): string =>
  JSON.stringify([folder, app, layer]);
export const lifeKey = ({ targetUid, app, layer }: Pick<Told, "targetUid" | "app" | "layer">): string =>
  `${targetUid}.${app}.${layer}`;

/** Commits whose message has an order, oldest first, one after the other: a history may be long. */
export async function eachEntry(
  mirror: Mirror,
  seal: CommitSeal,
  which: readonly string[],
  each: (entry: Entry) => void,
): Promise<void> {
  let rest = Buffer.alloc(0);
  const take = (record: string): void => {
    const [, commit, parent, message] = /^([0-9a-f]+) ?([0-9a-f]*)[^\n]*\n([\s\S]*)$/.exec(record) ?? [];
    const told = message === undefined || message.length > 65_536 ? undefined : toldBy(message, seal);
    if (commit !== undefined && told !== undefined) each({ ...told, commit, parent: parent || undefined });
  };
  await must(
    mirror,
    ["log", "-z", "--topo-order", "--reverse", "--no-show-signature", "--format=%H %P%n%B", ...which, "--"],
    {
      each: (part) => {
        rest = Buffer.concat([rest, part]);
        for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
          take(rest.subarray(0, end).toString());
          rest = rest.subarray(end + 1);
        }
      },
    },
  );
  if (rest.length > 0) take(rest.toString());
}

const withWords = (words: string): readonly string[] => ["--fixed-strings", `--grep=${words}`];

/** Sequences rise: whoever says older words again has copied them. */
function add(newest: Map<string, readonly (readonly Entry[])[]>, seen: Map<string, Entry>, entry: Entry): void {
  const [at, life] = [placeKey(entry), lifeKey(entry)];
  const highest = seen.get(life)?.sequence ?? 0;
  if (entry.sequence < highest) return;
  if (entry.sequence > highest) seen.set(life, entry);
  const [last = [], ...older] = newest.get(at) ?? [];
  if (last[0]?.key !== entry.key)
    newest.set(at, [[entry], ...(last.length > 0 ? [last] : []), ...older].slice(0, KEPT));
  else if (last.length < REPEATED) newest.set(at, [[...last, entry], ...older]);
}

/** The same ledger with more that was delivered. */
export function withEntries(ledger: Ledger, entries: readonly Entry[]): Ledger {
  const [newest, seen] = [new Map(ledger.newest), new Map(ledger.seen)];
  for (const entry of [...entries].sort((a, b) => a.sequence - b.sequence)) add(newest, seen, entry);
  return { ...ledger, newest, seen };
}

/** Reads what is new since the ledger that is known, where that is a part of this history. */
export async function readLedger(
  mirror: Mirror,
  head: string,
  known: Ledger | undefined,
  seal: CommitSeal,
): Promise<Ledger> {
  if (known?.head === head) return known;
  const goesOn =
    known !== undefined && (await mirror.run(["merge-base", "--is-ancestor", known.head, head])).code === 0;
  const before = goesOn ? known : undefined;
  const newest = new Map(before?.newest);
  const seen = new Map(before?.seen);
  const unproven = new Map(before?.unproven);
  const range = before === undefined ? [head] : [`${before.head}..${head}`];
  await eachEntry(mirror, seal, [...withWords("Ashat-Order: "), ...range], (entry) => {
    const at = placeKey(entry);
    if (!entry.sealed) {
      unproven.delete(at);
      unproven.set(at, entry);
      const [oldest] = unproven.keys();
      if (unproven.size > MOST_UNPROVEN && oldest !== undefined) unproven.delete(oldest);
      return;
    }
    add(newest, seen, entry);
  });
  return { head, seal, newest, seen, unproven };
}

/** Words of ours on a commit that did not do what they say are no delivery: somebody took them from another commit. */
export async function isDelivery(sources: Sources, { commit, parent, wrote, values }: Entry): Promise<boolean> {
  if (values === undefined || valuesHash(await standing(sources, commit, wrote)) !== values) return false;
  return parent === undefined || valuesHash(await standing(sources, parent, wrote)) !== values;
}

export async function deliveryIn(sources: Sources, entries: readonly Entry[]): Promise<Entry | undefined> {
  for (const entry of entries) if (await isDelivery(sources, entry)) return entry;
  return undefined;
}

/** The commit of one order, however long ago; nothing is asked where the ledger says that none can be there. */
export async function entryOf(mirror: Mirror, ledger: Ledger, key: string): Promise<Entry | undefined> {
  const parts = parseOrderKey(key);
  if (parts === undefined) return undefined;
  const highest = ledger.seen.get(lifeKey(parts));
  if (highest === undefined || highest.sequence < parts.sequence) return undefined;
  const sources = sourcesOf(mirror);
  const known = [...ledger.newest.values()].flat(2).filter((entry) => entry.key === key);
  return (
    (await deliveryIn(sources, known)) ??
    deliveryIn(
      sources,
      (await claimsOf(mirror, ledger, key)).filter((entry) => entry.sealed),
    )
  );
}

/** The commits that say that they are this order, whoever wrote that; oldest first. */
export async function claimsOf(mirror: Mirror, { head, seal }: Ledger, key: string): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  await eachEntry(mirror, seal, [...withWords(`Ashat-Order: ${key}`), head], (entry) => {
    if (entry.key === key && found.filter(({ sealed }) => sealed === entry.sealed).length < 16) found.push(entry);
  });
  return found;
}
