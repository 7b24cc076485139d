import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { GROUP, LABEL } from "../../api/group.ts";
import { sha256 } from "../../api/hash.ts";
import { ORDER_STATES } from "../../api/order.ts";
import type { Client } from "../../kube/client.ts";
import type { KubeObject, Resource } from "../../kube/types.ts";
import type { Manifest } from "./manifests.ts";
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
const LABELS = { target: LABEL.target, app: `${GROUP}/app`, layer: `${GROUP}/layer` };

const MAX_BYTES = 900 * 1024;
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

export interface LayerId {
  readonly target: string;
  readonly app: string;
  readonly layer: string;
}

export interface Ledger {
  readonly id: Pick<LayerId, "app" | "layer">;
  readonly book: Book;
  readonly manifests: ReadonlyMap<number, readonly Manifest[]>;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

export const ledgerName = ({ target, app, layer }: LayerId): string => `ashat-${target}-${app}-${layer}`;
export const inventoryId = (namespace: string, id: LayerId): string => `${namespace}/${ledgerName(id)}`;

/** Names are longer than labels may be. */
const labelOf = (name: string): string =>
  name.length <= 63 ? name : `${name.slice(0, 40)}-${sha256(name).slice(0, 20)}`;

const packed = (value: unknown): string => gzipSync(JSON.stringify(value), { level: 9 }).toString("base64");
const opened = (text: string): unknown =>
  JSON.parse(gunzipSync(Buffer.from(text, "base64"), { maxOutputLength: 64 * 1024 * 1024 }).toString("utf8"));
const sizeOf = (data: Readonly<Record<string, string>>): number =>
  Object.values(data).reduce((sum, value) => sum + Math.floor((value.length * 3) / 4), 0);

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
export const dataOf = (
  book: Book,
  manifests: ReadonlyMap<number, readonly Manifest[]>,
): Readonly<Record<string, string>> => {
  const needed = new Set([runningIn(book)?.sequence, previousIn(book)?.sequence]);
  let releases = book.releases.filter(({ sequence }, index) => index < MOST_RELEASES || needed.has(sequence));
  for (;;) {
    const data: Record<string, string> = { ledger: packed({ ...book, releases }) };
    for (const { sequence } of releases) data[keyOf(sequence)] = packed(manifests.get(sequence) ?? []);
    if (sizeOf(data) <= MAX_BYTES) return data;
    const spare = releases.findLast(({ sequence }) => !needed.has(sequence));
    if (spare === undefined)
      throw new Refusal(
        422,
        "ManifestsTooLarge",
        `The manifests of this release and of the one before, which a rollback needs, are larger than ${MAX_BYTES} bytes when packed; split the app into layers.`,
      );
    releases = releases.filter((release) => release !== spare);
  }
};

const read = (secret: SecretObject): Ledger => {
  const { labels = {}, name, namespace } = secret.metadata;
  const damaged = () =>
    new Refusal(
      409,
      "LedgerDamaged",
      `Secret ${namespace}/${name}, in which is written what was delivered there, cannot be read; restore it from a backup, or delete it and remove by hand what should not run there any more.`,
    );
  if (secret.type !== LEDGER_TYPE) throw damaged();
  try {
    const book = Book.parse(opened(secret.data?.["ledger"] ?? ""));
    const manifests = new Map(
      book.releases.map(({ sequence }) => [
        sequence,
        opened(secret.data?.[keyOf(sequence)] ?? "") as readonly Manifest[],
      ]),
    );
    const id = { app: labels[LABELS.app] ?? "", layer: labels[LABELS.layer] ?? "" };
    return { id, book, manifests, metadata: secret.metadata };
  } catch {
    throw damaged();
  }
};

export const findLedger = async (
  client: Client,
  namespace: string,
  id: LayerId,
  signal: AbortSignal,
): Promise<Ledger | undefined> => {
  const secret = await client.find(SECRETS, { namespace, name: ledgerName(id) }, { signal });
  return secret === undefined ? undefined : read(secret);
};

export const listLedgers = async (
  client: Client,
  namespace: string,
  target: string,
  signal: AbortSignal,
): Promise<readonly Ledger[]> => {
  const labelSelector = `${LABELS.target}=${labelOf(target)}`;
  const { items } = await client.list(SECRETS, { namespace, labelSelector }, { signal });
  return items.filter(({ type }) => type === LEDGER_TYPE).map(read);
};

/** Written only over what was read: of two that write at once, one is told by a conflict and looks again. */
export const writeLedger = async (
  client: Client,
  namespace: string,
  id: LayerId,
  before: Ledger | undefined,
  book: Book,
  manifests: ReadonlyMap<number, readonly Manifest[]>,
  signal: AbortSignal,
): Promise<Ledger> => {
  const labels = {
    [LABELS.target]: labelOf(id.target),
    [LABELS.app]: id.app,
    [LABELS.layer]: id.layer,
    [LABEL.managedBy]: "ashat",
  };
  const draft = { type: LEDGER_TYPE, data: dataOf(book, manifests) };
  const at = { namespace, name: ledgerName(id), labels };
  const written =
    before === undefined
      ? await client.create(SECRETS, { metadata: at, ...draft }, { signal })
      : await client.replace(SECRETS, { metadata: { ...at, ...pick(before) }, ...draft }, { signal });
  return read(written);
};

const pick = ({ metadata: { uid, resourceVersion } }: Ledger) => ({ uid, resourceVersion });
