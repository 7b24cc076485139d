import type { Connection } from "./connection.ts";
import { ApiError, notFound } from "./errors.ts";
import { collectionPath, creationPath, objectPath, withQuery } from "./path.ts";
import { createTransport, tooLarge } from "./transport.ts";
import type { Lane, Method, ReplyBounds, Transport } from "./transport.ts";
import { apiVersionOf } from "./types.ts";
import type { Draft, KubeObject, ObjectMeta, ObjectName, Resource } from "./types.ts";

export type CallOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly lane?: Lane;
  readonly deadlineMs?: number;
};
export type WriteOptions = CallOptions & { readonly dryRun?: boolean; readonly fieldManager?: string };
export type CreateOptions = WriteOptions & { readonly fieldValidation?: "Strict" | "Warn" | "Ignore" };
export type PatchOptions = WriteOptions & { readonly subresource?: string };
export type Selection = {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
};
export type RemoveOptions = CallOptions & {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: "Foreground" | "Background" | "Orphan";
  readonly gracePeriodSeconds?: number;
  readonly dryRun?: boolean;
};
export type JsonPatch = readonly (
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string }
)[];
export type Page<T> = { readonly items: readonly T[]; readonly resourceVersion: string };
/** Whose status is written: with uid and version a replaced or changed object is a conflict, never overwritten. */
export type Identity = { readonly metadata: Pick<ObjectMeta, "name" | "namespace" | "uid" | "resourceVersion"> };

export type Client = {
  /** Namespace to use where none is named. */
  readonly namespace: string;
  readonly get: <T extends KubeObject>(resource: Resource<T>, at: ObjectName, options?: CallOptions) => Promise<T>;
  /** Undefined when there is no such object; that the kind itself is not served is an error. */
  readonly find: <T extends KubeObject>(
    resource: Resource<T>,
    at: ObjectName,
    options?: CallOptions,
  ) => Promise<T | undefined>;
  /** Consistent, all pages. */
  readonly list: <T extends KubeObject>(
    resource: Resource<T>,
    selection?: Selection,
    options?: CallOptions,
  ) => Promise<Page<T>>;
  /** Consistent, page by page; every page has the version of the first. */
  readonly pages: <T extends KubeObject>(
    resource: Resource<T>,
    selection?: Selection,
    options?: CallOptions,
  ) => AsyncGenerator<Page<T>>;
  readonly create: <T extends KubeObject>(resource: Resource<T>, object: Draft, options?: CreateOptions) => Promise<T>;
  /** The whole object; its metadata must name the version that was read. */
  readonly replace: <T extends KubeObject>(
    resource: Resource<T>,
    object: Draft & Identity,
    options?: WriteOptions,
  ) => Promise<T>;
  /** The whole status of exactly the object and version given. */
  readonly replaceStatus: <T extends KubeObject>(
    resource: Resource<T>,
    of: Identity,
    status: object,
    options?: WriteOptions,
  ) => Promise<T>;
  /** Server-side apply; without `force` a field of another manager is a conflict. */
  readonly apply: <T extends KubeObject>(
    resource: Resource<T>,
    object: Draft,
    options?: PatchOptions & { readonly force?: boolean },
  ) => Promise<T>;
  readonly mergePatch: <T extends KubeObject>(
    resource: Resource<T>,
    at: ObjectName,
    patch: object,
    options?: PatchOptions,
  ) => Promise<T>;
  readonly jsonPatch: <T extends KubeObject>(
    resource: Resource<T>,
    at: ObjectName,
    patch: JsonPatch,
    options?: PatchOptions,
  ) => Promise<T>;
  readonly remove: (resource: Resource, at: ObjectName, options?: RemoveOptions) => Promise<void>;
  /** Any path of the server, as text. */
  readonly raw: (
    path: string,
    options?: CallOptions & { readonly method?: Method; readonly body?: unknown },
  ) => Promise<string>;
  /** One WATCH request from a version, as bytes; see watch.ts for the loop around it. */
  readonly stream: (resource: Resource, from: WatchFrom, signal?: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;
  /** The same connections, as another user (needs the right to impersonate). */
  readonly as: (user: string, groups?: readonly string[]) => Client;
  readonly close: () => Promise<void>;
};
export type WatchFrom = Selection & {
  readonly resourceVersion: string;
  readonly timeoutSeconds: number;
  readonly idleMs: number;
};

const PAGE_SIZE = 500;

type RawList<T> = {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[] | null;
};

/** Items of a list come without the words every object has, and with bookkeeping nobody reads that is half their size. */
export const dressed = <T extends KubeObject>(resource: Resource<T>, object: T): T => {
  const own = object as { apiVersion?: string; kind?: string; metadata: { managedFields?: unknown } };
  own.apiVersion ??= apiVersionOf(resource);
  own.kind ??= resource.kind;
  // Assigning undefined is cheaper than delete, which turns the object into a dictionary.
  if (own.metadata.managedFields !== undefined) own.metadata.managedFields = undefined;
  return object;
};

const decoded = (text: string, asked: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError({
      status: 0,
      reason: "BadReply",
      message: `${asked} was answered with something that is not JSON.`,
      cause,
    });
  }
};

const cameThrough = (error: unknown): boolean =>
  !(error instanceof ApiError) || error.status !== 0 || (error.reason !== "Unreachable" && error.reason !== "BadReply");

/** A read takes no effect, nor does a dry run, so what was cut off or garbled is asked once more: else many of them together hardly ever get through a bad line. */
const twiceIfRead = async <T>(reads: boolean, ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    if (!reads || cameThrough(error)) throw error;
    return ask();
  }
};

export const createClient = (
  connection: Connection,
  options: { readonly fieldManager: string; readonly userAgent: string; readonly bounds?: ReplyBounds },
): Client => {
  const { fieldManager, userAgent, bounds } = options;
  const transport = createTransport(connection, userAgent, bounds);
  return clientOn({ transport, namespace: connection.namespace, server: connection.server, bounds }, fieldManager, {});
};

interface Way {
  readonly transport: Transport;
  readonly namespace: string;
  readonly server: string;
  readonly bounds: ReplyBounds | undefined;
}

const whole = (resource: Resource, object: Draft) => ({
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
  ...object,
});

type Headers = Readonly<Record<string, string | string[]>>;

const clientOn = (way: Way, ownManager: string, headers: Headers): Client => {
  const { transport, namespace, server, bounds } = way;
  const send = async <T>(
    method: Method,
    path: string,
    options: CallOptions & Pick<WriteOptions, "dryRun"> = {},
    body?: unknown,
    contentType?: string,
    measured: (characters: number) => void = () => {},
  ): Promise<T> => {
    const request = {
      method,
      path,
      headers,
      signal: options.signal,
      lane: options.lane,
      deadlineMs: options.deadlineMs,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(contentType === undefined ? {} : { contentType }),
    };
    const ask = async (): Promise<unknown> => {
      const text = await transport.send(request);
      measured(text.length);
      return decoded(text, `${method} ${path.split("?")[0] ?? ""}`);
    };
    return (await twiceIfRead(method === "GET" || options.dryRun === true, ask)) as T;
  };
  const writing = (options: WriteOptions = {}) => ({
    fieldManager: options.fieldManager ?? ownManager,
    dryRun: options.dryRun === true ? "All" : undefined,
  });
  const get = async <T extends KubeObject>(resource: Resource<T>, at: ObjectName, options?: CallOptions) =>
    dressed(resource, await send<T>("GET", objectPath(resource, at), options));
  const patch = async <T extends KubeObject>(
    resource: Resource<T>,
    at: ObjectName,
    type: string,
    body: unknown,
    options: PatchOptions & { force?: boolean } = {},
  ) => {
    const path = withQuery(objectPath(resource, at, options.subresource), {
      ...writing(options),
      force: options.force,
    });
    return dressed(resource, await send<T>("PATCH", path, options, body, `application/${type}`));
  };

  async function* pages<T extends KubeObject>(
    resource: Resource<T>,
    selection: Selection = {},
    options: CallOptions = {},
  ): AsyncGenerator<Page<T>> {
    const { namespace: inside, labelSelector, fieldSelector } = selection;
    let token: string | undefined;
    let characters = 0;
    let count = 0;
    do {
      const path = withQuery(collectionPath(resource, inside), {
        labelSelector,
        fieldSelector,
        limit: PAGE_SIZE,
        continue: token,
      });
      const page = await send<RawList<T>>(
        "GET",
        path,
        options,
        undefined,
        undefined,
        (length) => (characters += length),
      );
      count += 1;
      if (bounds !== undefined && (characters > bounds.maxBytes || count > bounds.maxPages))
        throw tooLarge(`GET ${path.split("?")[0] ?? ""}`, server, bounds);
      const items = page.items ?? [];
      for (const item of items) dressed(resource, item);
      yield { items, resourceVersion: page.metadata.resourceVersion };
      token = page.metadata.continue;
    } while (token !== undefined && token !== "");
  }

  return {
    namespace,
    pages,
    get,
    find: async (resource, at, options) => {
      try {
        return await get(resource, at, options);
      } catch (error) {
        // Only an object's absence names it; a kind that is not served is "not found" too.
        if (error instanceof ApiError && notFound(error) && error.details?.name !== undefined) return undefined;
        throw error;
      }
    },
    list: async <T extends KubeObject>(resource: Resource<T>, selection?: Selection, options?: CallOptions) => {
      const items: T[] = [];
      let resourceVersion = "";
      for await (const page of pages(resource, selection, options)) {
        for (const item of page.items) items.push(item);
        resourceVersion = page.resourceVersion;
      }
      return { items, resourceVersion };
    },
    create: async (resource, object, options) => {
      const query = { ...writing(options), fieldValidation: options?.fieldValidation };
      const path = withQuery(creationPath(resource, object.metadata.namespace), query);
      return dressed(resource, await send("POST", path, options, whole(resource, object)));
    },
    replace: async (resource, object, options) => {
      const path = withQuery(objectPath(resource, object.metadata), writing(options));
      return dressed(resource, await send("PUT", path, options, whole(resource, object)));
    },
    replaceStatus: async (resource, of, status, options) => {
      const { name, namespace: inside, uid, resourceVersion } = of.metadata;
      const path = withQuery(objectPath(resource, of.metadata, "status"), writing(options));
      const metadata = { name, ...(inside === undefined ? {} : { namespace: inside }), uid, resourceVersion };
      return dressed(resource, await send("PUT", path, options, whole(resource, { metadata, status })));
    },
    apply: (resource, object, options) =>
      patch(resource, object.metadata, "apply-patch+yaml", whole(resource, object), options),
    mergePatch: (resource, at, body, options) => patch(resource, at, "merge-patch+json", body, options),
    jsonPatch: (resource, at, body, options) => patch(resource, at, "json-patch+json", body, options),
    remove: async (resource, at, options = {}) => {
      const { uid, resourceVersion, propagationPolicy, gracePeriodSeconds } = options;
      const dryRun = options.dryRun === true ? ["All"] : undefined;
      const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
      const body = {
        apiVersion: "v1",
        kind: "DeleteOptions",
        preconditions,
        propagationPolicy,
        gracePeriodSeconds,
        dryRun,
      };
      await send("DELETE", objectPath(resource, at), options, body);
    },
    raw: (path, { method = "GET", ...options } = {}) =>
      twiceIfRead(method === "GET", () =>
        transport.send({
          method,
          path,
          headers,
          signal: options.signal,
          lane: options.lane,
          deadlineMs: options.deadlineMs,
          ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        }),
      ),
    stream: (resource, from, signal) => {
      const { namespace: inside, labelSelector, fieldSelector, resourceVersion, timeoutSeconds } = from;
      const query = {
        watch: true,
        allowWatchBookmarks: true,
        labelSelector,
        fieldSelector,
        resourceVersion,
        timeoutSeconds,
      };
      return transport.open(
        { method: "GET", path: withQuery(collectionPath(resource, inside), query), headers, signal },
        from.idleMs,
      );
    },
    as: (user, groups) =>
      clientOn(way, ownManager, {
        "impersonate-user": user,
        ...(groups === undefined ? {} : { "impersonate-group": [...groups] }),
      }),
    close: transport.close,
  };
};
