/** The decision part of leader election, without clock and wire. Times are local and monotonic: clocks of other machines are never compared. */

export type LeaseSpec = {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
};

/** A state of the lease, and when this process first saw exactly that state. */
export type Sighting = { readonly version: string; readonly spec: LeaseSpec; readonly at: number };

export const TERMS = { durationMs: 15_000, renewWithinMs: 10_000, retryMs: 2_000 } as const;
export type Terms = { readonly durationMs: number; readonly renewWithinMs: number; readonly retryMs: number };

/** A new sighting restarts the holder's time; seeing the same state again does not. */
export const sighted = (before: Sighting | undefined, version: string, spec: LeaseSpec, now: number): Sighting =>
  before !== undefined && before.version === version ? before : { version, spec, at: now };

export type Move = "acquire" | "renew" | "wait";

/** What a candidate may do about the lease as last seen. */
export const candidacy = (me: string, seen: Sighting | undefined, now: number, terms: Terms): Move => {
  if (seen === undefined) return "acquire";
  const holder = seen.spec.holderIdentity ?? "";
  if (holder === me) return "renew";
  if (holder === "") return "acquire";
  const promised = (seen.spec.leaseDurationSeconds ?? 0) * 1000;
  // The holder counts on its own promise; ours is the floor for one that promised nothing sensible.
  return now - seen.at >= Math.max(promised, terms.durationMs) ? "acquire" : "wait";
};

/** The next content of the lease when this candidate takes or keeps it. */
export const claimed = (me: string, seen: Sighting | undefined, terms: Terms, wall: string): LeaseSpec => {
  const kept = seen !== undefined && seen.spec.holderIdentity === me;
  return {
    holderIdentity: me,
    leaseDurationSeconds: Math.ceil(terms.durationMs / 1000),
    acquireTime: kept ? (seen.spec.acquireTime ?? wall) : wall,
    renewTime: wall,
    leaseTransitions: (seen?.spec.leaseTransitions ?? 0) + (kept || seen === undefined ? 0 : 1),
  };
};

/** A leader that could not renew for so long must stop before anyone else may begin. */
export const expired = (renewedAt: number, now: number, terms: Terms): boolean =>
  now - renewedAt >= terms.renewWithinMs;
