import { z } from "zod";
import { GROUP } from "../../api/group.ts";
import { sha256 } from "../../api/hash.ts";
import { ORDER_STATES } from "../../api/order.ts";
import type { Client } from "../../kube/client.ts";
import type { KubeObject, Resource } from "../../kube/types.ts";
import { labelsOf, type LayerId, ledgerName, OWNER_NAMESPACE, selectorOf } from "./ledger-name.ts";
import { MOST_PACKED, packed, sizeOf, unpacked } from "./ledger-pack.ts";
import type { LedgerProof } from "./ledger-proof.ts";
import { ledgerRefusals, ownedByAnother } from "./ledger-refusals.ts";
import { type Manifest, manifestOf } from "./manifests.ts";
import { Refusal } from "./refusal.ts";

/** The driver's memory of one layer, in the cluster it delivers to: an operator that knows nothing reads there what was begun. */

type SecretObject = KubeObject & { readonly type?: string; readonly data?: Readonly<Record<string, string>> };
const SECRETS: Resource<SecretObject> = {
  group: "",
  version: "v1",
  plural: "secrets",
  kind: "Secret",
  namespaced: true,
};

export const LEDGER_TYPE = `${GROUP}/release`;
/** On everything that is applied: which ledger lists it. */
export const INVENTORY = `${GROUP}/inventory`;

const MOST_RELEASES = 5;

/** An object that is or was applied: enough to find and to remove it, whatever becomes of its manifest. */
const Ref = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  namespace: z.string().optional(),
  name: z.string(),
});
export type Ref = z.output<typeof Ref>;

/** What was delivered, newest first, with its manifests; those of older ones are kept while there is room. */
const Release = z.object({
  sequence: z.number().int(),
  version: z.string(),
  digest: z.string(),
  modules: z.array(z.string()),
  /** Whether it once became healthy: only such a one is what something is put back to. */
  good: z.boolean(),
});
export type Release = z.output<typeof Release>;

const Entry = z.object({
  key: z.string(),
  sequence: z.number().int(),
  action: z.enum(["deliver", "restore"]),
  /** Of the release that shall run. */
  version: z.string(),
  digest: z.string(),
  /** The sequence of the release whose manifests are applied: that of a restore is an older one. */
  release: z.number().int(),
  state: z.enum(ORDER_STATES),
  reason: z.string(),
  message: z.string(),
  at: z.string(),
  /** Whether all of it was applied and what went away was pruned; from then on its health decides. */
  applied: z.boolean(),
  /** How many objects of it, in their order, are applied: from there it goes on. */
  done: z.number().int().optional(),
  /** Whether fields that others have set there since are won back. */
  heals: z.boolean().optional(),
  appliedAt: z.string().optional(),
  healthySince: z.string().optional(),
  /** Those of the update, for the record that stays there. */
  update: z.string(),
});
export type Entry = z.output<typeof Entry>;

const Book = z.object({
  /** `<namespace>/<name>` of the Server: another one of the same name elsewhere must not take this for its own. */
  owner: z.string(),
  /** Everything that may be there because of us: what is pruned is what is here and not in the release that runs. */
  inventory: z.array(Ref),
  /** Newest last; the last one is the newest that was taken. */
  entries: z.array(Entry).min(1),
  releases: z.array(Release).min(1),
});
export type Book = z.output<typeof Book>;

/** As it is stored: with it every text of manifests beside it is proven, because it has their hashes. */
const Stored = Book.extend({
  of: z.object({ target: z.string(), app: z.string(), layer: z.string() }),
  hashes: z.record(z.string(), z.string()),
});

export interface Ledger {
  readonly id: LayerId;
  readonly book: Book;
  /** Unpacked when they are asked for: most looks at a ledger need those of no release, and none needs those of all. */
  readonly manifests: { readonly get: (sequence: number) => readonly Manifest[] | undefined };
  /** By release, as they are stored. */
  readonly texts: ReadonlyMap<number, string>;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

/** Where the ledgers of a server are, and what proves them. */
export interface Shelf {
  readonly client: Client;
  readonly namespace: string;
  /** `<namespace>/<name>` of the Server. */
  readonly owner: string;
  readonly proof: LedgerProof;
}

const keyOf = (sequence: number): string => `release-${sequence}`;

/** The release that runs, or is on its way to. */
export const runningIn = ({ entries, releases }: Book): Release | undefined =>
  releases.find(({ sequence }) => sequence === entries.at(-1)?.release);

/** What it would be put back to. */
export const previousIn = (book: Book): Release | undefined => {
  const running = runningIn(book);
  return book.releases.find(({ good, sequence }) => good && sequence < (running?.sequence ?? 0));
};

/** The release that runs and what it would be put back to must fit; others go, oldest first. */
const dataOf = (of: LayerId, book: Book, texts: ReadonlyMap<number, string>): Readonly<Record<string, string>> => {
  const needed = new Set([runningIn(book)?.sequence, previousIn(book)?.sequence]);
  const textOf = (sequence: number): string => {
    const text = texts.get(sequence);
    if (text === undefined) throw new TypeError(`there are no manifests of release ${sequence}`);
    return text;
  };
  let releases = book.releases.filter(({ sequence }, index) => index < MOST_RELEASES || needed.has(sequence));
  for (;;) {
    const kept = releases.map(({ sequence }) => [keyOf(sequence), textOf(sequence)] as const);
    const hashes = Object.fromEntries(kept.map(([key, text]) => [key, sha256(text)]));
    const data = { ...Object.fromEntries(kept), ledger: packed({ ...book, releases, of, hashes }) };
    if (sizeOf(data) <= MOST_PACKED) return data;
    const spare = releases.findLast(({ sequence }) => !needed.has(sequence));
    if (spare === undefined)
      throw new Refusal(
        422,
        "ManifestsTooLarge",
        `The manifests of this release and of the one before, which a rollback needs, are larger than ${MOST_PACKED} bytes when packed; split the app into layers.`,
      );
    releases = releases.filter((release) => release !== spare);
  }
};

/** Nothing in it is unpacked or acted upon before it is proven. */
const read = ({ namespace, owner, proof }: Shelf, secret: SecretObject): Ledger => {
  const { labels = {}, name } = secret.metadata;
  const { damaged, unproven, misplaced } = ledgerRefusals(secret.metadata);
  if (secret.type !== LEDGER_TYPE) throw damaged();
  const { data = {} } = secret;
  const text = data["ledger"] ?? "";
  if (!proof.holds({ namespace, name }, text, data["proof"] ?? "")) throw unproven();
  const parsed = Stored.safeParse(orUndefined(() => unpacked(text)));
  if (!parsed.success) throw damaged();
  const { of, hashes, ...book } = parsed.data;
  if (book.owner !== owner) throw ownedByAnother(book.owner, of.app);
  const wanted = Object.entries(labelsOf(namespaceOf(owner), of));
  if (name !== ledgerName(of) || wanted.some(([label, value]) => labels[label] !== value)) throw misplaced(of);
  // Proven here, for what is written later over a ledger takes these texts along as they are.
  const texts = new Map(
    book.releases.map(({ sequence }) => {
      const kept = data[keyOf(sequence)];
      if (kept === undefined || sha256(kept) !== hashes[keyOf(sequence)]) throw unproven();
      return [sequence, kept] as const;
    }),
  );
  const get = (sequence: number): readonly Manifest[] | undefined => {
    const kept = texts.get(sequence);
    if (kept === undefined) return undefined;
    const values = orUndefined(() => unpacked(kept));
    if (!Array.isArray(values)) throw damaged();
    return values.map((value) => manifestOf(`What is kept of release ${sequence}`, value));
  };
  return { id: of, book, texts, manifests: { get }, metadata: secret.metadata };
};

const orUndefined = (read: () => unknown): unknown => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

const namespaceOf = (owner: string): string => owner.slice(0, owner.indexOf("/"));

export const findLedger = async (shelf: Shelf, id: LayerId, signal: AbortSignal): Promise<Ledger | undefined> => {
  const { client, namespace, owner } = shelf;
  const secret = await client.find(SECRETS, { namespace, name: ledgerName(id) }, { signal });
  if (secret === undefined) return undefined;
  const label = secret.metadata.labels?.[OWNER_NAMESPACE];
  // Of another operator, perhaps, whose key is another one: that it is not ours is enough to leave it alone.
  if (label !== undefined && label !== namespaceOf(owner)) throw ownedByAnother(`${label}/${id.target}`, id.app);
  return read(shelf, secret);
};

/** Those of one server; `target` is its name. */
export const listLedgers = async (shelf: Shelf, target: string, signal: AbortSignal): Promise<readonly Ledger[]> => {
  const { client, namespace, owner } = shelf;
  const labelSelector = selectorOf(namespaceOf(owner), target);
  const { items } = await client.list(SECRETS, { namespace, labelSelector }, { signal });
  return items.filter(({ type }) => type === LEDGER_TYPE).map((secret) => read(shelf, secret));
};

/** Written only over what was read: of two that write at once, one is told by a conflict and looks again. */
export const writeLedger = async (
  shelf: Shelf,
  id: LayerId,
  before: Ledger | undefined,
  book: Book,
  signal: AbortSignal,
  fresh?: { readonly sequence: number; readonly manifests: readonly Manifest[] },
): Promise<Ledger> => {
  const { client, namespace, owner, proof } = shelf;
  const texts = new Map(before?.texts);
  if (fresh !== undefined) texts.set(fresh.sequence, packed(fresh.manifests));
  const at = { namespace, name: ledgerName(id) };
  const data = dataOf(id, book, texts);
  const draft = { type: LEDGER_TYPE, data: { ...data, proof: proof.of(at, data["ledger"] ?? "") } };
  const metadata = { ...at, labels: labelsOf(namespaceOf(owner), id) };
  const written =
    before === undefined
      ? await client.create(SECRETS, { metadata, ...draft }, { signal })
      : await client.replace(SECRETS, { metadata: { ...metadata, ...pick(before) }, ...draft }, { signal });
  return read(shelf, written);
};

const pick = ({ metadata: { uid, resourceVersion } }: Ledger) => ({ uid, resourceVersion });
