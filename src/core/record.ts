import { OPERATOR_ACCOUNT, type Tier } from "../api/group.ts";
import { releasesOf } from "../api/layer.ts";
import { type RecordBody, type RecordSpec, type RecordTarget, seal } from "../api/record.ts";
import { withSource } from "./actor.ts";
import { isLegal } from "./moves.ts";
import type { Observed } from "./observed.ts";
import type { Leftover } from "./decision.ts";

export const timeOf = (now: number): string => new Date(now).toISOString();

export const BY_OPERATOR = { name: OPERATOR_ACCOUNT, known: "Operator" } as const;

/** The fields of a record that a move has to say; the rest follows from the update and its chain. */
export type MoveDraft = Pick<RecordBody, "to" | "reason" | "message"> &
  Partial<
    Pick<
      RecordBody,
      "from" | "tier" | "completes" | "targets" | "token" | "approvals" | "overrides" | "evidence" | "actor"
    >
  >;

/** The next record of the chain. A move that the table does not know is a mistake of this program. */
export function nextRecord(
  observed: Pick<Observed, "deployment" | "records" | "source">,
  now: number,
  draft: MoveDraft,
): RecordSpec {
  const { metadata, spec } = observed.deployment;
  const head = observed.records.at(-1);
  if (!isLegal(draft.from, draft.to)) throw new Error(`no legal move from ${draft.from ?? "nothing"} to ${draft.to}`);
  return seal({
    seq: head === undefined ? 0 : head.seq + 1,
    previous: head?.hash ?? "",
    time: timeOf(now),
    deployment: { name: metadata.name, uid: metadata.uid },
    app: spec.app,
    version: spec.version,
    artifacts: releasesOf(spec).map(({ layer, digest }) => ({ layer, digest })),
    actor: BY_OPERATOR,
    readAt: metadata.resourceVersion,
    ...draft,
    ...(draft.actor !== undefined && { actor: withSource(draft.actor, observed.source) }),
    message: draft.message.slice(0, 2048),
  });
}

/** A record is one object, and an object has a size: what is more than this moves in the next round. */
export const MOVED_AT_ONCE = 500;

export const write = (record: RecordSpec): Leftover => ({ do: "record", record });

export const recordTarget = (
  target: { readonly kind: "Server" | "Mainframe"; readonly metadata: { readonly name: string; readonly uid: string } },
  extra: Partial<RecordTarget> = {},
): RecordTarget => ({ kind: target.kind, name: target.metadata.name, uid: target.metadata.uid, ...extra });

/** The record that lets a tier begin: the creation, or the one with which the nearest tier before it passed. */
export function enablingRecord(records: readonly RecordSpec[], before: readonly Tier[]): RecordSpec | undefined {
  return (
    records.findLast((record) => record.completes === true && before.some((tier) => tier === record.tier)) ?? records[0]
  );
}
