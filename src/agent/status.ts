import { type AgentStatus, MAX_APPS, type OrderClaims, type RunningApp } from "../api/order.ts";
import { OrderFailure } from "./failure.ts";
import type { Entry, Journal } from "./journal.ts";
import { currentRelease, keeps, placeOf } from "./layout.ts";
import { linePast } from "./line.ts";
import type { Workshop } from "./workshop.ts";

/** How many orders are counted in a status; older ones can still be asked for by their key. */
const COUNTED = 64;

/** What the names of all modules may take of a status, so that whoever asks can bound what is read. */
const MAX_MODULES_BYTES = 256 * 1024;

type Where = Pick<OrderClaims, "app" | "layer">;
export const idOf = ({ app, layer }: Where): string => `${app}/${layer}`;

/** The newest order of each app and layer. */
const newest = (journal: Journal): readonly Entry[] => [
  ...new Map(journal.all().map((entry) => [idOf(entry.order), entry])).values(),
];

/** What runs for an app and layer, by what `current` really points at. */
const running = async ({ config, journal }: Workshop, { app, layer }: Where): Promise<Entry | undefined> => {
  const release = await currentRelease(placeOf(config.root, app, layer));
  return journal.of(app, layer).findLast((one) => one.release === release && one.activations > 0);
};

/** What a restore would put back; what is not kept any more is not offered. */
const previousOf = async (
  { config, journal }: Workshop,
  { order, release }: Entry,
): Promise<RunningApp["previous"]> => {
  const place = placeOf(config.root, order.app, order.layer);
  for (const { order: earlier, release: name = "" } of linePast(journal, order, release))
    if (await keeps(place, name)) return { version: earlier.version, digest: earlier.sha256 };
  return undefined;
};

/** A status tells of every app, or what it leaves out would be taken for not being there. */
export const hasRoomFor = (journal: Journal, underWay: Iterable<string>, id: string): boolean =>
  new Set([...newest(journal).map(({ order }) => idOf(order)), ...underWay, id]).size <= MAX_APPS;

/** Refuses a release whose modules a status could not name beside those of the other apps. */
export const mustFit = async (shop: Workshop, order: Where, modules: readonly string[]): Promise<void> => {
  const others = newest(shop.journal).filter((entry) => idOf(entry.order) !== idOf(order));
  const named = await Promise.all(others.map(async (entry) => (await running(shop, entry.order))?.modules ?? []));
  const bytes = Buffer.byteLength(JSON.stringify([...named, modules]));
  if (bytes <= MAX_MODULES_BYTES) return;
  throw new OrderFailure(
    "ArchiveRefused",
    `The archive was refused: with its ${modules.length} modules the names of all modules here take ${bytes} bytes, and the agent's status has room for ${MAX_MODULES_BYTES}. Nothing was switched; whoever builds the archive names fewer of them in ashat.json.`,
  );
};

export const statusOf = async (shop: Workshop, version: string, signal: AbortSignal): Promise<AgentStatus> => {
  const { config, journal, now } = shop;
  const health = await shop.health.once(signal);
  const last = newest(journal);
  const apps: RunningApp[] = [];
  for (const { order: where } of last) {
    const entry = await running(shop, where);
    if (entry === undefined) continue;
    const { order, since = entry.at, modules = [] } = entry;
    const previous = await previousOf(shop, entry);
    apps.push({
      app: order.app,
      layer: order.layer,
      sequence: order.sequence,
      version: order.version,
      digest: order.sha256,
      key: order.key,
      since,
      modules,
      health,
      ...(previous === undefined ? {} : { previous }),
    });
  }
  return {
    agent: { name: config.name, version },
    at: now().toISOString(),
    apps,
    seen: last.map(({ order: { app, layer, sequence, key }, state }) => ({ app, layer, sequence, key, state })),
    activations: journal
      .all()
      .slice(-COUNTED)
      .map(({ order, activations }) => ({ key: order.key, count: activations })),
  };
};
