import { sha256 } from "./hash.ts";
import type { RecordSpec } from "./record.ts";

/** How far the chain of one update has come. */
export interface Head {
  readonly update: string;
  readonly uid: string;
  /** How many records it has. */
  readonly count: number;
  /** Hash of the newest, which stands for all before it. */
  readonly head: string;
  /** When that was written. */
  readonly time: string;
}

/** The heads of all chains, the one that moved last first. */
export function headsOf(records: Iterable<RecordSpec>): readonly Head[] {
  const newest = new Map<string, RecordSpec>();
  for (const record of records) {
    const { uid } = record.deployment;
    if (record.seq >= (newest.get(uid)?.seq ?? 0)) newest.set(uid, record);
  }
  return [...newest.values()]
    .map(({ deployment, seq, hash, time }) => ({
      update: deployment.name,
      uid: deployment.uid,
      count: seq + 1,
      head: hash,
      time,
    }))
    .sort((a, b) => (a.time === b.time ? (a.uid < b.uid ? -1 : 1) : a.time < b.time ? 1 : -1));
}

/** One digest for all chains: SHA-256 over the lines `uid count head`, sorted. Equal digests are equal records. */
export const digestOfHeads = (heads: readonly Head[]): string =>
  sha256(
    heads
      .map(({ uid, count, head }) => `${uid} ${count} ${head}\n`)
      .sort()
      .join(""),
  );
