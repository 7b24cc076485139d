export type StatusCause = { readonly reason?: string; readonly message?: string; readonly field?: string };
export type StatusDetails = {
  readonly name?: string;
  readonly kind?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
};

type Facts = {
  /** HTTP status; 0 when there was no usable reply, so that nobody knows whether the request took effect. */
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  readonly retryAfterMs?: number;
  readonly details?: StatusDetails;
  readonly cause?: unknown;
};

const LONGEST = 2000;
// One line, so that logs and conditions can carry it as it is.
const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line;
};

/** What the API server, or the way to it, answered. The message is one line and never holds a header, hence no credential. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
  readonly details: StatusDetails | undefined;

  constructor(facts: Facts) {
    super(oneLine(facts.message), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.status = facts.status;
    this.reason = facts.reason;
    this.retryAfterMs = facts.retryAfterMs;
    this.details = facts.details;
  }
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const parsed = (body: string): Readonly<Record<string, unknown>> => {
  try {
    return record(JSON.parse(body));
  } catch {
    return {};
  }
};

/** Seconds or an HTTP date, as RFC 9110 allows. */
const retryAfterMs = (header: string | undefined, now: number): number | undefined => {
  if (header === undefined) return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
};

/** An error from a `Status` document, which comes as a reply or as an ERROR event of a watch. */
export const statusError = (
  asked: string,
  document: unknown,
  fallback: { status: number; retryAfter?: string | undefined },
): ApiError => {
  const status = record(document);
  const code = typeof status["code"] === "number" ? status["code"] : fallback.status;
  const reason = text(status["reason"]) ?? (code === 401 ? "Unauthorized" : "Unknown");
  const details =
    typeof status["details"] === "object" && status["details"] !== null
      ? (status["details"] as StatusDetails)
      : undefined;
  const hinted = details?.retryAfterSeconds;
  const wait = retryAfterMs(fallback.retryAfter, Date.now()) ?? (hinted === undefined ? undefined : hinted * 1000);
  return new ApiError({
    status: code,
    reason,
    message: `${asked} was answered ${code} ${reason}: ${text(status["message"]) ?? "no explanation given"}`,
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    ...(details === undefined ? {} : { details }),
  });
};

export const replyError = (asked: string, status: number, retryAfter: string | undefined, body: string): ApiError => {
  const document = parsed(body);
  const known = document["kind"] === "Status" ? document : { message: body.slice(0, 200) };
  return statusError(asked, { ...known, code: status }, { status, retryAfter });
};

const is = (error: unknown, status: number): error is ApiError => error instanceof ApiError && error.status === status;

// Plain booleans: a type guard would make everything after a failed test "not an ApiError".
export const notFound = (error: unknown): boolean => is(error, 404);
export const alreadyExists = (error: unknown): boolean => is(error, 409) && error.reason === "AlreadyExists";
/** Somebody else wrote first, or the object is another one of the same name. */
export const conflict = (error: unknown): boolean => is(error, 409) && error.reason !== "AlreadyExists";
export const gone = (error: unknown): boolean => is(error, 410);
export const unauthorized = (error: unknown): boolean => is(error, 401);
export const forbidden = (error: unknown): boolean => is(error, 403);
/** The request itself is wrong; repeating it unchanged cannot help. */
export const invalid = (error: unknown): boolean => is(error, 400) || is(error, 422);
/** Rejected before it was processed: safe to repeat later. */
export const throttled = (error: unknown): boolean => is(error, 429) || is(error, 503);
/** No usable reply: whether the request took effect is unknown. */
export const unreachable = (error: unknown): boolean => is(error, 0);
