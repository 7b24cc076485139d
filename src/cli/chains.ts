import type { RawRecord } from "./records.ts";

/** The records of one update, in order. An update that was deleted and made again under its name is another one. */
export interface Chain {
  readonly namespace: string;
  readonly update: string;
  readonly uid: string;
  readonly records: readonly RawRecord[];
}

/** One chain per update, the oldest first. */
export function chainsOf(records: readonly RawRecord[]): readonly Chain[] {
  const byUid = new Map<string, RawRecord[]>();
  for (const record of records) {
    const { uid } = record.spec.deployment;
    byUid.set(uid, [...(byUid.get(uid) ?? []), record]);
  }
  return [...byUid]
    .map(([uid, list]): Chain => {
      const sorted = list.toSorted((a, b) => a.spec.seq - b.spec.seq);
      const [first] = sorted;
      return { namespace: first?.namespace ?? "", update: first?.spec.deployment.name ?? "", uid, records: sorted };
    })
    .sort((a, b) => (begun(a) < begun(b) ? -1 : 1));
}

const begun = ({ records, uid }: Chain): string => `${records[0]?.spec.time ?? ""} ${uid}`;
