import type { Client } from "../../kube/client.ts";
import { ApiError, conflict, forbidden, invalid, notFound, throttled, unauthorized } from "../../kube/errors.ts";
import { pause } from "../../kube/pause.ts";
import type { KubeObject } from "../../kube/types.ts";
import { textAt } from "../loose.ts";
import { asFarAs, type Far } from "./at-once.ts";
import type { Effort } from "./effort.ts";
import { healthOf } from "./health.ts";
import { INVENTORY } from "./ledger.ts";
import { idOf, rank, said } from "./manifests.ts";
import { isDefinition, isNamespace, type Prepared } from "./prepare.ts";
import { Refusal } from "./refusal.ts";

export const FIELD_MANAGER = "ashat";

export interface Applying extends Effort {
  readonly client: Client;
  /** Who applies, for sentences. */
  readonly account: string;
  readonly inventory: string;
  /** Takes fields back that others have set since; without it nothing is taken from anybody. */
  readonly force: boolean;
}

/** A field that the schema has not, or of another type: the API server says so with a 500. */
const isUntyped = (error: ApiError): boolean =>
  error.status === 500 && error.message.includes("create typed patch object");

/** Passes by itself, or when a cluster is reached again: it is tried again and is no answer. */
export const passes = (error: unknown): boolean =>
  error instanceof ApiError &&
  !isUntyped(error) &&
  (error.status === 0 || error.status >= 500 || throttled(error) || unauthorized(error));

const conflictSentence = (what: string, error: ApiError): string => {
  const causes = (error.details?.causes ?? []).filter(({ reason }) => reason === "FieldManagerConflict");
  const fields = causes.map(
    ({ message, field }) =>
      `${field ?? "a field"} (${message?.replace(/^conflict with /, "") ?? "of another manager"})`,
  );
  return (
    `${what}: others write what the artifact says: ${fields.length === 0 ? error.message : fields.join(", ")}. ` +
    "Nothing is taken from anybody: whoever set it there gives it up, or the artifact leaves it out; to let the artifact have it, apply that object once with " +
    `kubectl apply --server-side --force-conflicts --field-manager=${FIELD_MANAGER} -f <manifest>`
  );
};

/** What an API server has against one object, as a sentence; an error that passes stays what it is. */
const refused = (error: unknown, { manifest, resource }: Prepared, { account }: Applying): unknown => {
  if (!(error instanceof ApiError) || passes(error)) return error;
  const what = said(manifest);
  if (conflict(error) && error.details?.causes?.some(({ reason }) => reason === "FieldManagerConflict") === true)
    return new Refusal(409, "FieldConflict", conflictSentence(what, error));
  if (forbidden(error)) {
    const of = `${resource.plural}${resource.group === "" ? "" : `.${resource.group}`}`;
    const where = resource.namespaced ? ` in namespace ${manifest.metadata.namespace}` : "";
    return new Refusal(
      403,
      "Forbidden",
      `${what} was refused: ${error.message}. Where a right is missing, whoever administers that cluster grants ${account} get, create, patch and delete on ${of}${where}.`,
    );
  }
  if (invalid(error) && error.message.includes("field is immutable"))
    return new Refusal(
      422,
      "Immutable",
      `${what} was refused: ${error.message}. What cannot change is made under a new name, e.g. with the version in it.`,
    );
  return new Refusal(422, "ManifestsRefused", `${what} was refused: ${error.message}`, { cause: error });
};

const isMissingNamespace = (error: unknown): boolean =>
  error instanceof ApiError && notFound(error) && error.details?.kind === "namespaces";

const applyOne = (
  { client, force }: Applying,
  { manifest, resource }: Prepared,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<KubeObject> =>
  client.apply(resource, manifest, { dryRun, fieldManager: FIELD_MANAGER, ...(force && { force }), signal });

const isOthers = (live: KubeObject | undefined, inventory: string): boolean => {
  const mark = live?.metadata.annotations?.[INVENTORY];
  return mark !== undefined && mark !== inventory;
};

/** Of several API servers one may not serve yet what another one has established. */
const isUnserved = (error: unknown): boolean =>
  error instanceof ApiError && notFound(error) && error.details?.name === undefined;

/** Tries one without effect. One whose namespace comes with the artifact can only be tried when that is there. */
const tryOne = async (applying: Applying, one: Prepared, mayWait: boolean, signal: AbortSignal): Promise<void> => {
  const id = idOf(one.manifest);
  if (applying.tried.has(id)) return;
  try {
    const live = await applying.client.find(one.resource, one.manifest.metadata, { signal });
    if (isOthers(live, applying.inventory))
      throw new Refusal(
        409,
        "OwnedByAnother",
        `${said(one.manifest)} was delivered by another target or layer (${textAt(live, "metadata", "annotations", INVENTORY)}); whoever makes the artifacts decides to whom it belongs, and the other one leaves it out first.`,
      );
    await applyOne(applying, one, true, signal);
    applying.tried.add(id);
  } catch (error) {
    if (mayWait && isMissingNamespace(error)) return;
    throw refused(error, one, applying);
  }
};

/**
 * Asks about all of them without effect, so that one that is refused means that nothing was applied. Those whose kind or namespace comes
 * with this very artifact, and is not there yet, cannot be asked about. Gives how many could be done in time.
 */
export const tryAll = async (applying: Applying, all: readonly Prepared[], signal: AbortSignal): Promise<number> => {
  const coming = new Set(all.filter(isNamespace).map(({ manifest }) => manifest.metadata.name));
  const ready = all.filter(({ manifest, awaitsKind }) => !awaitsKind && !applying.tried.has(idOf(manifest)));
  const { done, error } = await asFarAs(
    ready,
    (one) => tryOne(applying, one, coming.has(one.manifest.metadata.namespace ?? ""), signal),
    applying.isOver,
  );
  if (error !== undefined) throw error;
  return all.length - ready.length + done;
};

const SERVED_MS = 20_000;

/** A definition is served some moments after it is stored. */
const untilServed = async (
  { client }: Applying,
  { manifest, resource }: Prepared,
  signal: AbortSignal,
): Promise<void> => {
  const until = performance.now() + SERVED_MS;
  for (;;) {
    const health = healthOf(await client.get(resource, manifest.metadata, { signal }));
    if (health.state === "Healthy") return;
    if (health.state === "Failed" || performance.now() > until)
      throw new Refusal(422, "ApplyFailed", `${said(manifest)}: ${health.message}`);
    await pause(200, signal);
  }
};

/** What could not be tried before its kinds and namespaces were there; true when that is done. */
const tryAgain = async (applying: Applying, rest: readonly Prepared[], signal: AbortSignal): Promise<boolean> => {
  const until = performance.now() + SERVED_MS;
  const all = rest.map((prepared) => ({ ...prepared, awaitsKind: false }));
  for (;;) {
    try {
      return (await tryAll(applying, all, signal)) === all.length;
    } catch (error) {
      const { cause } = error instanceof Refusal ? error : {};
      if (!isUnserved(cause) || performance.now() > until) throw error;
      await pause(200, signal);
    }
  }
};

/** Those that are alike wait for nothing of each other. */
const groupsOf = (all: readonly Prepared[]): readonly (readonly Prepared[])[] => {
  const groups = Map.groupBy(all, ({ manifest }) => rank(manifest));
  return [...groups].toSorted(([a], [b]) => a - b).map(([, group]) => group);
};

const isFirst = (prepared: Prepared): boolean => isNamespace(prepared) || isDefinition(prepared.manifest);

/**
 * Applies all from where it stopped, as far as there is time: namespaces and definitions first, then the others in their order. What could not
 * be tried before is tried once its kinds and namespaces are there.
 */
export const applyAll = async (
  applying: Applying,
  all: readonly Prepared[],
  from: number,
  signal: AbortSignal,
): Promise<Far> => {
  const first = all.filter(isFirst);
  const rest = all.filter((prepared) => !isFirst(prepared));
  const one = async (prepared: Prepared): Promise<void> => {
    try {
      await applyOne(applying, prepared, false, signal);
    } catch (error) {
      throw refused(error, prepared, applying);
    }
  };
  let done = from;
  const applied = async (part: readonly Prepared[], begin: number): Promise<Far> => {
    let end = begin;
    for (const group of groupsOf(part)) {
      end += group.length;
      if (done >= end) continue;
      const far = await asFarAs(group.slice(done - end), one, applying.isOver);
      done += far.done;
      if (far.error !== undefined || done < end) return { ...far, done };
    }
    return { done };
  };
  try {
    const begun = await applied(first, 0);
    if (begun.error !== undefined || done < first.length) return begun;
    if (first.length > 0 && done === first.length) {
      const definitions = first.filter(({ manifest }) => isDefinition(manifest));
      for (const prepared of definitions) await untilServed(applying, prepared, signal);
      if (!(await tryAgain(applying, rest, signal))) return { done };
    }
    return await applied(rest, first.length);
  } catch (error) {
    return { done, error };
  }
};
