import { TIERS, type Tier } from "../api/group.ts";
import type { RecordSpec } from "../api/record.ts";
import type { State } from "../api/states.ts";
import { type End, endOf } from "./moves.ts";

/** How far an update is, read from its records and from nothing else. */
export interface Progress {
  readonly created?: RecordSpec;
  readonly head?: RecordSpec;
  readonly end?: { readonly state: End; readonly record: RecordSpec };
  readonly tiers: Readonly<Record<Tier, TierProgress>>;
  /** What people asked to be taken back, each with the record of the asking. */
  readonly rollbacks: readonly (RecordSpec & { readonly tier: Tier })[];
  /** A person asked for it back, or a server was put back: the update goes no further forward. */
  readonly reversed: boolean;
}

export interface TierProgress {
  /** The record with which the tier passed, for good: targets added later do not reopen it. */
  readonly passedBy?: RecordSpec;
  /** The whole tokens under which targets of it began: what a rollback of the tier names. */
  readonly tokens: readonly string[];
  /** Targets that moved, by uid. */
  readonly targets: ReadonlyMap<string, TargetProgress>;
}

export interface TargetProgress {
  readonly kind: "Server" | "Mainframe";
  readonly name: string;
  readonly uid: string;
  readonly state: State;
  readonly sequence: number;
  readonly attempt: number;
  /** The record that moved it here. */
  readonly record: RecordSpec;
}

export function progressOf(records: readonly RecordSpec[]): Progress {
  const tiers = Object.fromEntries(
    TIERS.map((tier) => [tier, tierOf(records.filter((record) => record.tier === tier))]),
  ) as Record<Tier, TierProgress>;
  const created = records[0];
  const head = records.at(-1);
  const last = records.findLast((record) => endOf(record.to) !== undefined && record.targets === undefined);
  const end = last && endOf(last.to);
  return {
    tiers,
    rollbacks: records.flatMap((record) =>
      record.to === "RollingBack" && record.targets === undefined && record.tier !== undefined
        ? [{ ...record, tier: record.tier }]
        : [],
    ),
    // A mainframe that was put back by itself ends the update no more than one that was never licensed.
    reversed: records.some(
      ({ to, targets }) =>
        to === "RollingBack" && (targets === undefined || targets.some(({ kind }) => kind === "Server")),
    ),
    ...(created && { created }),
    ...(head && { head }),
    ...(last && end && { end: { state: end, record: last } }),
  };
}

function tierOf(records: readonly RecordSpec[]): TierProgress {
  const targets = new Map<string, TargetProgress>();
  for (const record of records)
    for (const moved of record.targets ?? [])
      targets.set(moved.uid, {
        kind: moved.kind,
        name: moved.name,
        uid: moved.uid,
        state: record.to,
        sequence: moved.sequence ?? targets.get(moved.uid)?.sequence ?? 0,
        attempt: moved.attempt ?? targets.get(moved.uid)?.attempt ?? 0,
        record,
      });
  const passedBy = records.find((record) => record.completes === true);
  const tokens = records.flatMap(({ from, token }) => (from === "Waiting" && token !== undefined ? [token] : []));
  return { targets, tokens, ...(passedBy && { passedBy }) };
}

export const hasBegun = (tier: TierProgress): boolean => tier.targets.size > 0 || tier.passedBy !== undefined;

/** Whether what happens around an update may still move it: one that has ended moves only when somebody asks. */
export function isUnderWay({ end, tiers, reversed, rollbacks }: Progress): boolean {
  const open = Object.values(tiers).some(({ targets }) =>
    [...targets.values()].some(({ state }) => UNSETTLED.includes(state)),
  );
  return (
    open ||
    rollbacks.some(({ tier }) => isLeft(tiers, tier)) ||
    (end === undefined && !reversed && tiers.mainframes.passedBy === undefined)
  );
}

/** Something of what was asked back is where it was: another update may have it for now. */
const isLeft = (tiers: Progress["tiers"], asked: Tier): boolean =>
  [asked, ...(asked === "omega" ? (["mainframes"] as const) : [])].some((tier) =>
    [...tiers[tier].targets.values()].some(({ state }) => state === "Passed"),
  );

const UNSETTLED: readonly State[] = ["Delivering", "Verifying", "Held", "RollingBack"];
