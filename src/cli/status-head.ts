import type { Client } from "../kube/client.ts";
import { notFound } from "../kube/errors.ts";
import { type Update, UPDATES } from "./kinds.ts";

/** What the status of an update says of its chain; it is written after the records, so the chain may be longer and never shorter. */
export interface StatusHead {
  readonly uid: string;
  readonly count: number;
  readonly head: string;
}

const headOf = ({ metadata, status }: Update): readonly StatusHead[] =>
  status?.records === undefined ? [] : [{ uid: metadata.uid, ...status.records }];

/** Read before the records; an update that is gone says nothing, its records stand by themselves. */
export async function readStatusHeads(
  client: Client,
  namespace: string,
  update?: string,
): Promise<readonly StatusHead[]> {
  if (update === undefined) return (await client.list(UPDATES, { namespace })).items.flatMap(headOf);
  try {
    return headOf(await client.get(UPDATES, { namespace, name: update }));
  } catch (error) {
    if (notFound(error)) return [];
    throw error;
  }
}
