import type { Backoff } from "../kube/backoff.ts";
import { alreadyExists, ApiError, conflict, forbidden, invalid, notFound, throttled } from "../kube/errors.ts";

/** Classes of errors that differ in when to try again and in who should hear of it. */
export type Failure =
  /** What was known is out of date: the watch is about to say so. Nobody hears of it. */
  | { readonly kind: "Stale"; readonly backoff: Backoff }
  /** The server asks for patience. */
  | { readonly kind: "Throttled"; readonly backoff: Backoff }
  /** A right is missing until somebody grants it. */
  | { readonly kind: "Forbidden"; readonly backoff: Backoff }
  /** The request itself is refused, and will be until the object or the program changes. */
  | { readonly kind: "Invalid"; readonly backoff: Backoff }
  | { readonly kind: "Error"; readonly backoff: Backoff };

const SOON = { firstMs: 100, capMs: 5_000 } as const;
const USUAL = { firstMs: 500, capMs: 60_000 } as const;
const SLOW = { firstMs: 10_000, capMs: 300_000 } as const;
/** Not never: a policy of the cluster may have refused, for a moment or until somebody changes it, and nobody tells when. */
const HARDLY = { firstMs: 10_000, capMs: 600_000 } as const;
/** From here on a stale store is no explanation any more. */
const STALE_AT_MOST = 5;

/** Never earlier than asked, and not everybody at the same moment: jitter takes at most half of a delay. */
const asAsked = (afterMs: number | undefined): Backoff =>
  afterMs === undefined ? USUAL : { firstMs: 2 * afterMs, capMs: 2 * afterMs };

export const classify = (error: unknown, failuresBefore: number): Failure => {
  if ((conflict(error) || notFound(error) || alreadyExists(error)) && failuresBefore < STALE_AT_MOST)
    return { kind: "Stale", backoff: SOON };
  if (error instanceof ApiError && throttled(error)) return { kind: "Throttled", backoff: asAsked(error.retryAfterMs) };
  if (forbidden(error)) return { kind: "Forbidden", backoff: SLOW };
  if (invalid(error)) return { kind: "Invalid", backoff: HARDLY };
  return { kind: "Error", backoff: USUAL };
};
