import { Agent } from "undici";
import type { Connection } from "./connection.ts";
import { ApiError, replyError, throttled, unauthorized } from "./errors.ts";
import { pause } from "./pause.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
/** Leases have connections of their own, so that no queue of calls can cost the leadership. */
export type Lane = "call" | "lease";

export type WireRequest = {
  readonly method: Method;
  /** Path and query below the server's own base path. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly signal?: AbortSignal | undefined;
  readonly lane?: Lane | undefined;
  readonly deadlineMs?: number | undefined;
};

/** What is read of a server that is not trusted with our memory. */
export type ReplyBounds = {
  /** Of one reply, or of all pages of a list together. */
  readonly maxBytes: number;
  readonly maxPages: number;
};

export type Transport = {
  /** The body of a successful reply; everything else is an ApiError. */
  readonly send: (request: WireRequest) => Promise<string>;
  /** The body as it comes; `idleMs` without a byte is an error. The signal ends the stream. */
  readonly open: (request: WireRequest, idleMs: number) => Promise<AsyncIterable<Uint8Array>>;
  readonly close: () => Promise<void>;
};

const LANES = {
  call: { deadlineMs: 10_000, retryForMs: 10_000 },
  lease: { deadlineMs: 5_000, retryForMs: 0 },
} as const;
const KEEP_ALIVE_MS = 30_000;

type Body = AsyncIterable<Buffer> & { readonly text: () => Promise<string> };

/** A server that has just started refuses before it looks at the request, so that even a creation may be repeated. */
const starting = (error: unknown): error is ApiError =>
  error instanceof ApiError &&
  throttled(error) &&
  (error.status === 503 ? error.reason !== "Unknown" : error.message.includes("initializing"));

/** The way to a server with several addresses fails with an empty message and a code. */
const why = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.message !== "" ? error.message : "code" in error ? String(error.code) : error.name;
};

const header = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

// The query may hold selectors but never a credential; it is left out to keep the line short.
const asked = (request: WireRequest): string => `${request.method} ${request.path.split("?")[0] ?? ""}`;

export const tooLarge = (what: string, origin: string, { maxBytes, maxPages }: ReplyBounds): ApiError =>
  new ApiError({
    status: 0,
    reason: "ReplyTooLarge",
    message: `${what} was answered by ${origin} with more than ${maxBytes} bytes or ${maxPages} pages, and no more is read; whether it took effect is unknown. Whoever runs that server finds out what answers there.`,
  });

export const createTransport = (connection: Connection, userAgent: string, bounds?: ReplyBounds): Transport => {
  const base = new URL(connection.server);
  const prefix = base.pathname.replace(/\/+$/, "");
  const { ca, cert, key, servername, insecure } = connection.tls;
  // One HTTP/2 connection for all would stop everything at once when it freezes.
  const agent = (connections?: number) =>
    new Agent({
      allowH2: false,
      keepAliveTimeout: KEEP_ALIVE_MS,
      ...(connections === undefined ? {} : { connections }),
      connect: connection.connector ?? {
        timeout: 5_000,
        rejectUnauthorized: insecure !== true,
        ...without({ ca, cert, key, servername }),
      },
    });
  const agents = { call: agent(16), lease: agent(2), watch: agent() };

  const dispatch = async (
    to: Agent,
    request: WireRequest,
    fresh: boolean,
    signal: AbortSignal | undefined,
    idleMs: number,
  ) => {
    const authorization = await connection.authorization(fresh);
    return to.request({
      origin: base.origin,
      path: `${prefix}${request.path}`,
      method: request.method,
      headers: {
        accept: "application/json",
        "user-agent": userAgent,
        ...(authorization === undefined ? {} : { authorization }),
        ...(request.body === undefined ? {} : { "content-type": request.contentType ?? "application/json" }),
        ...connection.headers,
        ...request.headers,
      },
      body: request.body ?? null,
      headersTimeout: 10_000,
      bodyTimeout: idleMs,
      ...(signal === undefined ? {} : { signal }),
    });
  };

  const textOf = async (request: WireRequest, body: Body): Promise<string> => {
    if (bounds === undefined) return body.text();
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of body) {
      size += part.length;
      // Leaving the loop ends the connection, too.
      if (size > bounds.maxBytes) throw tooLarge(asked(request), base.origin, bounds);
      parts.push(part);
    }
    return Buffer.concat(parts).toString("utf8");
  };

  const noReply = (request: WireRequest, cause: unknown): ApiError =>
    cause instanceof ApiError
      ? cause
      : new ApiError({
          status: 0,
          reason: "Unreachable",
          message: `${asked(request)} got no usable reply from ${base.origin} (${why(cause)}); whether it took effect is unknown.`,
          cause,
        });

  const once = async (request: WireRequest, fresh: boolean): Promise<string> => {
    request.signal?.throwIfAborted();
    const lane = request.lane ?? "call";
    const limit = request.deadlineMs ?? LANES[lane].deadlineMs;
    const stop = new AbortController();
    const forward = () => stop.abort(request.signal?.reason);
    request.signal?.addEventListener("abort", forward, { once: true });
    const late = new ApiError({
      status: 0,
      reason: "Timeout",
      message: `${asked(request)} got no reply from ${base.origin} within ${limit} ms; whether it took effect is unknown.`,
    });
    const timer = setTimeout(() => stop.abort(late), limit);
    try {
      const reply = await dispatch(agents[lane], request, fresh, stop.signal, limit);
      const body = await textOf(request, reply.body);
      if (reply.statusCode >= 200 && reply.statusCode < 300) return body;
      throw replyError(asked(request), reply.statusCode, header(reply.headers["retry-after"]), body);
    } catch (error) {
      request.signal?.throwIfAborted();
      throw stop.signal.aborted ? late : noReply(request, error);
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener("abort", forward);
    }
  };

  const send = async (request: WireRequest): Promise<string> => {
    const until = performance.now() + LANES[request.lane ?? "call"].retryForMs;
    let fresh = false;
    let renewed = false;
    for (;;) {
      try {
        return await once(request, fresh);
      } catch (error) {
        fresh = unauthorized(error) && !renewed;
        if (fresh) {
          renewed = true;
          continue;
        }
        if (!starting(error)) throw error;
        const wait = Math.max(100, error.retryAfterMs ?? 500);
        if (performance.now() + wait > until) throw error;
        await pause(wait, request.signal);
      }
    }
  };

  const open = async (request: WireRequest, idleMs: number): Promise<AsyncIterable<Uint8Array>> => {
    for (const fresh of [false, true]) {
      request.signal?.throwIfAborted();
      try {
        const reply = await dispatch(agents.watch, request, fresh, request.signal, idleMs);
        if (reply.statusCode === 200) return reply.body;
        const body = await textOf(request, reply.body);
        const refused = replyError(asked(request), reply.statusCode, header(reply.headers["retry-after"]), body);
        if (fresh || !unauthorized(refused)) throw refused;
      } catch (error) {
        request.signal?.throwIfAborted();
        throw noReply(request, error);
      }
    }
    throw new Error("unreachable: the second attempt returns or throws");
  };

  return {
    send,
    open,
    close: async () => {
      await Promise.all([agents.call.destroy(), agents.lease.destroy(), agents.watch.destroy()]);
    },
  };
};

const without = (values: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined));
