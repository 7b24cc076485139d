import type { OrderReport } from "../../api/order.ts";
import { parseOrderKey } from "../../api/order.ts";
import { alreadyExists, conflict } from "../../kube/errors.ts";
import type { Assignment, Deliverer, Reported } from "../assignment.ts";
import type { Delivery } from "../driver.ts";
import { tryAll } from "./apply.ts";
import type { Clusters } from "./clusters.ts";
import { createEfforts, type Effort } from "./effort.ts";
import { entryOf, fence, isFence, MOST_ENTRIES } from "./entry.ts";
import { applyingOf, goOn, writtenDown } from "./go-on.ts";
import { type Entry, findLedger, type Ledger, writeLedger } from "./ledger.ts";
import type { LedgerProof } from "./ledger-proof.ts";
import { createLookout, observed } from "./observe.ts";
import { prepare, refId, refOf } from "./prepare.ts";
import { Refusal } from "./refusal.ts";
import { createTurns } from "./turns.ts";
import { answerTo, type KubernetesPlace, openSession, type Session } from "./session.ts";
import { type Readers, toDeliver, toRestore } from "./wanted.ts";

export interface KubernetesDeps extends Readers {
  readonly clusters: Clusters;
  readonly proof: LedgerProof;
  readonly now: () => number;
  /** How long one call may apply; what is not done then is gone on with by the next one. */
  readonly workMs?: number;
}

/** Less than half of what a look at an update may take. */
const WORK_MS = 45_000;
const NO_LAYER = { app: "", layer: "" };

/** A layer, as messages and paths name it. */
const layerOf = ({ place }: Session, { app, layer }: Pick<Assignment, "app" | "layer">) => ({
  target: place.target.name,
  app,
  layer,
});

const isSame = (entry: Entry, { action, version, digest }: Assignment): boolean =>
  entry.action === action.do && entry.version === version && entry.digest === digest;

/** Refuses what must not be begun: late, or out of order. */
const mayBegin = (assignment: Assignment, ledger: Ledger | undefined, now: number): void => {
  const last = ledger?.book.entries.at(-1);
  if (last !== undefined && assignment.sequence <= last.sequence)
    throw new Refusal(
      409,
      "SequenceTooLow",
      `Sequence ${assignment.sequence} is not above ${last.sequence}, which was taken there (${last.key}).`,
      { sequence: last.sequence },
    );
  if (now >= assignment.expiresAt)
    throw new Refusal(
      401,
      "Expired",
      "The delivery came too late to be begun; it is asked for again under a new sequence.",
    );
};

/** Tries everything without effect, and writes down what is going to be done; from there on the ledger alone is enough to finish it. */
const begin = async (
  deps: KubernetesDeps,
  session: Session,
  assignment: Assignment,
  ledger: Ledger | undefined,
  effort: Effort,
  signal: AbortSignal,
): Promise<Ledger | OrderReport> => {
  const { release, manifests, others } =
    assignment.action.do === "restore"
      ? toRestore(assignment, ledger)
      : await toDeliver(deps, session, assignment, ledger, signal);
  const id = layerOf(session, assignment);
  const applying = applyingOf(session, id, assignment, effort);
  const prepared = await prepare(manifests, { ...session, inventory: applying.inventory }, signal);
  const tried = await tryAll(applying, prepared, signal);
  const at = new Date(deps.now()).toISOString();
  if (tried < prepared.length)
    return {
      key: assignment.key,
      state: "Accepted",
      reason: "Accepted",
      message: `Nothing is applied yet: ${tried} of ${prepared.length} objects were tried without effect.`,
      activations: 0,
      at,
    };

  const refs = prepared.map(({ manifest }) => refOf(manifest));
  const ids = new Set(refs.map(refId));
  const before = (ledger?.book.entries ?? []).slice(1 - MOST_ENTRIES).map((entry): Entry =>
    entry.state === "Applied" || entry.state === "Failed"
      ? entry
      : {
          ...entry,
          state: "Failed",
          reason: "Superseded",
          message: `Sequence ${assignment.sequence} took over.`,
          at,
        },
  );
  const book = {
    owner: session.owner,
    inventory: [...refs, ...(ledger?.book.inventory ?? []).filter((ref) => !ids.has(refId(ref)))],
    entries: [...before, entryOf(assignment, release, deps.now())],
    releases: [release, ...others],
  };
  const fresh = assignment.action.do === "deliver" ? { sequence: release.sequence, manifests } : undefined;
  return writeLedger(session, id, ledger, book, signal, fresh);
};

const answered = (report: OrderReport): Delivery => ({ state: "Answered", report });

/**
 * Delivers to clusters by server-side apply. What is going to be done is written into a Secret there before it is done, with everything
 * that is needed to do it; whoever asks about it goes on with it. Nothing waits for health here: `report` looks and says how far it is.
 */
export const kubernetesDeliverer = (deps: KubernetesDeps): Deliverer<KubernetesPlace> => {
  const lookout = createLookout();
  const turns = createTurns();
  const effortFor = createEfforts(deps.workMs ?? WORK_MS);
  const inTurn = <Result>(
    { target }: KubernetesPlace,
    { app, layer }: { readonly app: string; readonly layer: string },
    work: () => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> => turns(`${target.uid} ${app} ${layer}`, work, signal);

  const deliver = async (
    place: KubernetesPlace,
    assignment: Assignment,
    signal: AbortSignal,
    tries = 3,
  ): Promise<Delivery> => {
    try {
      const session = openSession(deps, place);
      const effort = effortFor(assignment.key);
      const ledger = await findLedger(session, layerOf(session, assignment), signal);
      const known = ledger?.book.entries.find(({ key }) => key === assignment.key);
      if (ledger !== undefined && known !== undefined) {
        if (!isSame(known, assignment))
          throw new Refusal(
            409,
            "KeyReused",
            `Key ${assignment.key} was taken to ${known.action} ${known.version} (${known.digest}); another delivery needs another sequence.`,
            { sequence: known.sequence },
          );
        return answered(await goOn(session, ledger, known, deps.now, effort, signal));
      }
      mayBegin(assignment, ledger, deps.now());
      const begun =
        ledger !== undefined && isFence(assignment, ledger)
          ? await fence(session, assignment, ledger, deps.now(), signal)
          : await begin(deps, session, assignment, ledger, effort, signal);
      if ("state" in begun) return answered(begun);
      return answered(await goOn(session, begun, writtenDown(begun, assignment.key), deps.now, effort, signal));
    } catch (error) {
      // Somebody wrote at the same time: what they wrote decides.
      if ((conflict(error) || alreadyExists(error)) && tries > 1) return deliver(place, assignment, signal, tries - 1);
      return answerTo(error, place, signal);
    }
  };

  const report = async (place: KubernetesPlace, key: string, signal: AbortSignal): Promise<Delivery> => {
    try {
      const session = openSession(deps, place);
      const parts = parseOrderKey(key);
      const ledger = parts === undefined ? undefined : await findLedger(session, layerOf(session, parts), signal);
      const entry = ledger?.book.entries.find((one) => one.key === key);
      if (ledger === undefined || entry === undefined)
        throw new Refusal(404, "NotFound", `Nothing was ever delivered there under ${key}.`);
      return answered(await goOn(session, ledger, entry, deps.now, effortFor(key), signal));
    } catch (error) {
      return answerTo(error, place, signal);
    }
  };
  const observe = async (place: KubernetesPlace, signal: AbortSignal): Promise<Reported> => {
    try {
      const session = openSession(deps, place);
      /** Whether it is well by now, from what is written there when its turn comes. */
      const judged = ({ id }: Ledger): Promise<Ledger | undefined> =>
        inTurn(
          place,
          id,
          async () => {
            const find = () => findLedger(session, id, signal);
            const ledger = await find();
            const last = ledger?.book.entries.at(-1);
            if (ledger === undefined || last === undefined || !last.applied) return ledger;
            await goOn(session, ledger, last, deps.now, effortFor(last.key), signal);
            return find();
          },
          signal,
        );
      return { state: "Answered", status: await observed(session, lookout, judged, deps.now(), signal) };
    } catch (error) {
      return answerTo(error, place, signal);
    }
  };

  return {
    deliver: (place, assignment, signal) => inTurn(place, assignment, () => deliver(place, assignment, signal), signal),
    report: (place, key, signal) =>
      inTurn(place, parseOrderKey(key) ?? NO_LAYER, () => report(place, key, signal), signal),
    observe,
  };
};
