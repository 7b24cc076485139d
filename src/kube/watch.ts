import { backoffMs } from "./backoff.ts";
import { dressed } from "./client.ts";
import type { Client, Selection } from "./client.ts";
import { ApiError, gone, statusError, throttled, unreachable } from "./errors.ts";
import { lines } from "./lines.ts";
import { collectionPath, withQuery } from "./path.ts";
import { pause } from "./pause.ts";
import type { KubeObject, Resource } from "./types.ts";
import { older } from "./version.ts";

/**
 * What a watch tells. `listing` ... `listed` encloses a complete list: whatever was not `put` in between is gone. After
 * `rewound` the list is older than what this watch was told before: the server was restored from an earlier state, and what it says now is all there is.
 * `trouble` is for people: the watch goes on by itself after the pause it names.
 */
export type WatchEvent<T> =
  | { readonly type: "listing" }
  | { readonly type: "rewound" }
  | { readonly type: "put"; readonly object: T }
  | { readonly type: "gone"; readonly object: T }
  | { readonly type: "listed"; readonly resourceVersion: string }
  /** The server accepted the watch: whatever the trouble was, it is over. */
  | { readonly type: "watching" }
  | { readonly type: "trouble"; readonly error: Error; readonly againInMs: number };

export type WatchOptions<T> = Selection & {
  readonly signal: AbortSignal;
  readonly random: () => number;
  /** What is kept of each object, to save memory. */
  readonly project?: (object: T) => T;
  /** Silence after which the connection counts as dead; longer than the server may take to end a watch. */
  readonly idleMs?: number;
};

const BACKOFF = { firstMs: 800, capMs: 30_000 } as const;
/** Trying to connect costs the server nothing, and it may be back any moment. */
const UNREACHABLE = { firstMs: 800, capMs: 10_000 } as const;
/** A stream that broke after a good life is taken up again almost at once. */
const RESUME_MS = 200;
const IDLE_MS = 30_000;
/** A stream that lived this long was a good one, even when nothing happened in it. */
const GOOD_MS = 5_000;
/** After so many failures to resume, only a new list is certain. */
const RESUMES = 3;

type Line = { readonly type: string; readonly object: KubeObject };

/** The version is out of the server's reach, so only a new list helps. */
class StaleVersion extends Error {
  override readonly name = "StaleVersion";
}

/** An object the projection throws on is kept whole: leaving it out would look like a deletion. */
export const projected = <T>(project: ((object: T) => T) | undefined, object: T): T => {
  try {
    return project === undefined ? object : project(object);
  } catch {
    return object;
  }
};

const asError = (error: unknown, what: string): Error =>
  error instanceof ApiError || error instanceof StaleVersion
    ? error
    : new Error(`The watch of ${what} broke: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });

const parsed = (text: string, what: string): Line => {
  let line: Partial<Line>;
  try {
    line = JSON.parse(text) as Partial<Line>;
  } catch {
    throw new StaleVersion(`The watch of ${what} sent a line that is not JSON.`);
  }
  if (typeof line?.type !== "string" || typeof line.object !== "object" || line.object === null) {
    throw new StaleVersion(`The watch of ${what} sent a line that is not a watch event.`);
  }
  return { type: line.type, object: line.object };
};

/** Nothing that failed so would be answered differently at the same version. */
const needsList = (error: unknown): boolean => {
  if (error instanceof StaleVersion || gone(error)) return true;
  if (!(error instanceof ApiError) || throttled(error) || unreachable(error)) return false;
  return (
    (error.status >= 400 && error.status < 500 && error.status !== 401) ||
    error.message.includes("Too large resource version")
  );
};

/** Lists, watches, resumes, and lists again where resuming is impossible, until the signal is aborted. */
export async function* watch<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  options: WatchOptions<T>,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const { signal, random } = options;
  const what = resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
  const keep = (object: T): T => projected(options.project, object);
  let version: string | undefined;
  /** The newest version that was listed or watched; own writes are not known here. */
  let newest: string | undefined;
  let failures = 0;
  /** A stream broke: the server may have been restored meanwhile, and one that is behind a version watches it without telling anything. */
  let broke = false;

  const isBehind = async (from: string): Promise<boolean> => {
    const path = withQuery(collectionPath(resource, options.namespace), { limit: 1 });
    const { metadata } = JSON.parse(await client.raw(path, { signal })) as { metadata: { resourceVersion: string } };
    return older(metadata.resourceVersion, from);
  };

  async function* listAll(): AsyncGenerator<WatchEvent<T>> {
    yield { type: "listing" };
    let listed = "";
    for await (const page of client.pages(resource, options, { signal })) {
      // A list is consistent: it can be older than what came before only where the server itself is.
      if (listed === "" && newest !== undefined && older(page.resourceVersion, newest)) yield { type: "rewound" };
      listed = page.resourceVersion;
      for (const object of page.items) yield { type: "put", object: keep(object) };
    }
    yield { type: "listed", resourceVersion: listed };
    version = listed;
    newest = listed;
  }

  async function* watchFrom(from: string): AsyncGenerator<WatchEvent<T>> {
    version = from;
    const timeoutSeconds = Math.round(20 + 5 * random());
    const idleMs = options.idleMs ?? IDLE_MS;
    const stream = await client.stream(resource, { ...options, resourceVersion: from, timeoutSeconds, idleMs }, signal);
    yield { type: "watching" };
    for await (const text of lines(stream)) {
      const { type, object } = parsed(text, what);
      if (type === "ERROR") {
        version = undefined;
        throw statusError(`The watch of ${what}`, object, { status: 410 });
      }
      const next = object.metadata?.resourceVersion;
      if (typeof next !== "string") throw new StaleVersion(`The watch of ${what} sent an object without a version.`);
      if (older(next, version))
        throw new StaleVersion(`The watch of ${what} went back from version ${version} to ${next}.`);
      if (type === "ADDED" || type === "MODIFIED") yield { type: "put", object: keep(dressed(resource, object as T)) };
      else if (type === "DELETED") yield { type: "gone", object: keep(dressed(resource, object as T)) };
      else if (type !== "BOOKMARK")
        throw new StaleVersion(`The watch of ${what} sent an event of unknown type ${type}.`);
      // Only now, when the event was handed over: a cut before this line brings it again.
      version = next;
      newest = next;
      failures = 0;
    }
  }

  while (!signal.aborted) {
    const begun = performance.now();
    try {
      if (version === undefined) {
        yield* listAll();
        continue;
      }
      if (broke && (await isBehind(version))) throw new StaleVersion(`The server has older ${what} than were watched.`);
      broke = false;
      yield* watchFrom(version);
      if (performance.now() - begun >= GOOD_MS) {
        failures = 0;
        continue;
      }
      if (failures === 0) {
        failures = 1;
        continue;
      }
      throw new StaleVersion(`The watch of ${what} ends as soon as it begins.`);
    } catch (cause) {
      if (signal.aborted) return;
      const error = asError(cause, what);
      broke ||= !(error instanceof ApiError);
      if (performance.now() - begun >= GOOD_MS && !needsList(error)) failures = 0;
      const first = version !== undefined && failures === 0 && !needsList(error);
      // One that was away may have been restored, and have caught up with the version by now: nothing but a list would show it.
      if (needsList(error) || unreachable(error) || failures >= RESUMES) version = undefined;
      const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
      const backoff = first
        ? RESUME_MS * random()
        : backoffMs(unreachable(error) ? UNREACHABLE : BACKOFF, failures, random);
      const againInMs = Math.max(asked, backoff);
      failures += 1;
      yield { type: "trouble", error, againInMs };
      await pause(againInMs, signal).catch(() => undefined);
    }
  }
}
