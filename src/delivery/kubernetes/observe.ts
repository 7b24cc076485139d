import type { RunningRelease, TakenOrder, TargetReport } from "../../api/report.ts";
import { orderEnded, type OrderState } from "../../api/order.ts";
import { ApiError, conflict, invalid } from "../../kube/errors.ts";
import type { KubeObject } from "../../kube/types.ts";
import { FIELD_MANAGER, passes } from "./apply.ts";
import { fewAtOnce } from "./at-once.ts";
import { healthOfAll } from "./health-of-all.ts";
import { type Entry, type Ledger, listLedgers, previousIn, runningIn } from "./ledger.ts";
import { inventoryId } from "./ledger-name.ts";
import { said } from "./manifests.ts";
import { type Prepared, prepare, refOf } from "./prepare.ts";
import { Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";

/** What was found the last time one looked closely: reading every object each time somebody asks would cost more than it tells. */
export interface Lookout {
  readonly closely: Map<
    string,
    { readonly at: number; readonly health: NonNullable<RunningRelease["health"]>; readonly changed?: string }
  >;
  /** By uid: the version at which an object was as it was delivered. */
  readonly same: Map<string, string>;
}

const EVERY_MS = 30_000;
const SHOWN = 3;
const MOST = 20_000;

export const createLookout = (): Lookout => ({ closely: new Map(), same: new Map() });

/** What would be applied anew, without what changes by itself. */
const essence = (object: KubeObject): string => {
  const {
    managedFields: _m,
    resourceVersion: _r,
    generation: _g,
    ...metadata
  } = object.metadata as unknown as Record<string, unknown>;
  const { status: _s, ...rest } = object as unknown as Record<string, unknown>;
  return JSON.stringify(sorted({ ...rest, metadata }));
};

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, part]) => [key, sorted(part)]),
        )
      : value;

/** Why an object is not as it was delivered: it is gone, or applying it again, which is tried without effect, would change it. */
const changeOf = async (
  { client }: Session,
  { same }: Lookout,
  { manifest, resource }: Prepared,
  live: KubeObject | undefined,
  signal: AbortSignal,
): Promise<string | undefined> => {
  if (live === undefined) return `${said(manifest)} is gone`;
  const { uid, resourceVersion } = live.metadata;
  if (same.get(uid) === resourceVersion) return undefined;
  try {
    const tried = await client.apply(resource, manifest, { dryRun: true, fieldManager: FIELD_MANAGER, signal });
    if (essence(tried) !== essence(live)) return `${said(manifest)} was changed`;
    if (same.size > MOST) same.clear();
    same.set(uid, resourceVersion);
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError) || passes(error)) throw error;
    if (conflict(error))
      return `${said(manifest)} was changed (${/conflicts?: (.*)$/.exec(error.message)?.[1] ?? error.reason})`;
    // What cannot be tried cannot be known: it says nothing.
    return invalid(error) ? `${said(manifest)} would not be taken any more` : undefined;
  }
};

const lookClosely = async (session: Session, lookout: Lookout, ledger: Ledger, now: number, signal: AbortSignal) => {
  const inventory = inventoryId(session.namespace, ledger.id);
  const known = lookout.closely.get(inventory);
  if (known !== undefined && now - known.at < EVERY_MS) return known;
  const running = runningIn(ledger.book);
  const manifests = ledger.manifests.get(running?.sequence ?? 0) ?? [];
  const iso = new Date(now).toISOString();
  let prepared: readonly Prepared[];
  try {
    prepared = await prepare(manifests, { ...session, inventory }, signal);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // Its kind is not served any more.
    const { message } = error;
    return { at: now, health: { ok: false, message: message.slice(0, 1024), at: iso }, changed: message.slice(0, 512) };
  }
  const live = await fewAtOnce(prepared, ({ manifest, resource }) =>
    session.client.find(resource, manifest.metadata, { signal }),
  );
  const refs = prepared.map(({ manifest }) => refOf(manifest));
  const { sick } = healthOfAll(refs, live);
  const found = await fewAtOnce([...prepared.entries()], ([index, one]) =>
    changeOf(session, lookout, one, live[index], signal),
  );
  const changes = found.filter((change) => change !== undefined);
  const more = changes.length > SHOWN ? `; and ${changes.length - SHOWN} more` : "";
  const seen = {
    at: now,
    health: {
      ok: sick === "",
      message: (sick === "" ? "All objects are healthy." : sick).slice(0, 1024),
      at: iso,
    },
    ...(changes.length > 0 && { changed: `${changes.slice(0, SHOWN).join("; ")}${more}` }),
  };
  lookout.closely.set(inventory, seen);
  return seen;
};

/** Nobody asked about it for that long, so nobody wants it any more: its update was deleted, or stopped waiting. */
const FORSAKEN_MS = 300_000;

/** What is half applied goes on when its update asks for it, and never by itself; without one it is over. */
const stateOf = ({ state, applied, at }: Entry, now: number): OrderState =>
  !orderEnded(state) && !applied && now - Date.parse(at) > FORSAKEN_MS ? "Failed" : state;

/** What runs there and what was taken, by the ledgers. Nothing is applied by looking: what is applied already is judged, and that is all. */
export const observed = async (
  session: Session,
  lookout: Lookout,
  judged: (ledger: Ledger) => Promise<Ledger | undefined>,
  now: number,
  signal: AbortSignal,
): Promise<TargetReport> => {
  const apps: RunningRelease[] = [];
  const seen: TakenOrder[] = [];
  const { name } = session.place.target;
  for (const listed of await listLedgers(session, name, signal)) {
    const { state: before, applied } = listed.book.entries.at(-1) ?? {};
    const isWaiting = before !== undefined && applied === true && !orderEnded(before);
    const ledger = isWaiting ? ((await judged(listed)) ?? listed) : listed;
    const last = ledger.book.entries.at(-1);
    const running = runningIn(ledger.book);
    if (last === undefined || running === undefined) continue;
    const { app, layer } = ledger.id;
    const { key, sequence } = last;
    const state = stateOf(last, now);
    seen.push({ app, layer, sequence, key, state });
    const previous = previousIn(ledger.book);
    const closely = orderEnded(state) ? await lookClosely(session, lookout, ledger, now, signal) : undefined;
    apps.push({
      app,
      layer,
      sequence,
      version: running.version,
      digest: running.digest,
      modules: running.modules,
      ...(closely && { health: closely.health }),
      ...(closely?.changed !== undefined && { changed: closely.changed }),
      ...(previous && { previous: { version: previous.version, digest: previous.digest } }),
    });
  }
  return { apps, seen };
};
