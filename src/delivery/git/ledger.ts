import { parseOrderKey } from "../../api/order.ts";
import { type Told, toldBy } from "./message.ts";
import { type Mirror, must } from "./mirror.ts";

/** A commit of the history that was a delivery. */
export interface Entry extends Told {
  readonly commit: string;
  readonly parent: string | undefined;
}

/** The deliveries of a branch, read once per head; newest first. */
export interface Ledger {
  readonly head: string;
  /** The newest ones of every folder, app and layer, whichever life of the target wrote them. */
  readonly newest: ReadonlyMap<string, readonly Entry[]>;
  /** The highest sequence per target uid, app and layer. */
  readonly seen: ReadonlyMap<string, Entry>;
}

const KEPT = 2;
export const placeKey = ({ folder, app, layer }: Pick<Told, "folder" | "app" | "layer">): string =>
  JSON.stringify([folder, app, layer]);
export const lifeKey = ({ targetUid, app, layer }: Pick<Told, "targetUid" | "app" | "layer">): string =>
  `${targetUid}.${app}.${layer}`;

/** Commits whose message has these words, newest first, one after the other: a history may be long. */
async function commitsWith(
  mirror: Mirror,
  words: string,
  range: readonly string[],
  each: (entry: Entry) => void,
): Promise<void> {
  let rest = Buffer.alloc(0);
  const take = (record: string): void => {
    const [, commit, parent, message] = /^([0-9a-f]+) ?([0-9a-f]*)[^\n]*\n([\s\S]*)$/.exec(record) ?? [];
    const told = message === undefined || message.length > 65_536 ? undefined : toldBy(message);
    if (commit !== undefined && told !== undefined) each({ ...told, commit, parent: parent || undefined });
  };
  await must(
    mirror,
    [
      "log",
      "-z",
      "--topo-order",
      "--no-show-signature",
      "--format=%H %P%n%B",
      "--fixed-strings",
      `--grep=${words}`,
      ...range,
      "--",
    ],
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

/** Reads what is new since the ledger that is known, where that is a part of this history. */
export async function readLedger(mirror: Mirror, head: string, known: Ledger | undefined): Promise<Ledger> {
  if (known?.head === head) return known;
  const goesOn =
    known !== undefined && (await mirror.run(["merge-base", "--is-ancestor", known.head, head])).code === 0;
  const before = goesOn ? known : undefined;
  const newest = new Map<string, readonly Entry[]>();
  const seen = new Map(before?.seen);
  await commitsWith(mirror, "Ashat-Order: ", before === undefined ? [head] : [`${before.head}..${head}`], (entry) => {
    const at = placeKey(entry);
    const list = newest.get(at) ?? [];
    if (list.length < KEPT) newest.set(at, [...list, entry]);
    const life = lifeKey(entry);
    if ((seen.get(life)?.sequence ?? 0) < entry.sequence) seen.set(life, entry);
  });
  for (const [at, list] of before?.newest ?? []) newest.set(at, [...(newest.get(at) ?? []), ...list].slice(0, KEPT));
  return { head, newest, seen };
}

/** The commit of one order, however long ago; nothing is asked where the ledger says that none can be there. */
export async function entryOf(mirror: Mirror, { head, seen, newest }: Ledger, key: string): Promise<Entry | undefined> {
  const parts = parseOrderKey(key);
  if (parts === undefined) return undefined;
  const highest = seen.get(lifeKey(parts));
  if (highest === undefined || highest.sequence < parts.sequence) return undefined;
  if (highest.key === key) return highest;
  for (const list of newest.values()) for (const entry of list) if (entry.key === key) return entry;
  let found: Entry | undefined;
  await commitsWith(mirror, `Ashat-Order: ${key}`, [head], (entry) => {
    if (entry.key === key) found ??= entry;
  });
  return found;
}
