import { TIERS, type Tier } from "../api/group.ts";
import { hashOf } from "../api/hash.ts";
import { releasesOf } from "../api/layer.ts";
import type { RecordSpec } from "../api/record.ts";
import type { Observed, SeenPolicies } from "./observed.ts";
import { enablingRecord } from "./record.ts";
import { progressOf } from "./progress.ts";
import { feedersOf, isServer, targetsOf } from "./tiers.ts";

export interface TierToken {
  /** The first sixteen digits: what an action names. */
  readonly value: string;
  /** All sixty-four: what is compared and recorded. */
  readonly whole: string;
  readonly parts: {
    readonly record: string;
    readonly targets: string;
    readonly quarantine: string;
    readonly policies: string;
  };
}

/** States whose record makes an artifact need approvals on every tier from then on. */
const QUARANTINING: readonly string[] = ["Cancelled", "RollingBack", "RolledBack"];

/** The record that quarantines an artifact of this update, where there is one: the newest of another update that was taken back. */
export function quarantineOf({ deployment, others }: Pick<Observed, "deployment" | "others">): RecordSpec | undefined {
  const brought = releasesOf(deployment.spec).map(({ digest }) => digest);
  const suspect = brought.length === 1 ? brought : brought.filter((digest) => !isProven(digest, others));
  return others
    .filter(
      (record) => QUARANTINING.includes(record.to) && record.artifacts.some(({ digest }) => suspect.includes(digest)),
    )
    .sort((a, b) => (a.time === b.time ? (a.hash < b.hash ? -1 : 1) : a.time < b.time ? -1 : 1))
    .at(-1);
}

/**
 * A layer that stays as it is from update to update is not what was taken back with one of them: another that brought it came through
 * OMEGA and was left there.
 */
function isProven(digest: string, others: readonly RecordSpec[]): boolean {
  const carrying = others.filter(({ artifacts }) => artifacts.some((artifact) => artifact.digest === digest));
  const takenBack = new Set(
    carrying.filter(({ to }) => QUARANTINING.includes(to)).map(({ deployment }) => deployment.uid),
  );
  return carrying.some(
    ({ tier, completes, deployment }) => tier === "omega" && completes === true && !takenBack.has(deployment.uid),
  );
}

/** A mainframe of this very update that was put back by itself: from then on the others need an approval that knows of it. */
const setbackOf = (tier: Tier, { records }: Pick<Observed, "records">): RecordSpec | undefined =>
  tier === "mainframes"
    ? records.findLast((record) => record.tier === tier && QUARANTINING.includes(record.to) && isOfTargets(record))
    : undefined;

const isOfTargets = ({ targets }: RecordSpec): boolean => targets !== undefined;

/** The record for which a tier needs an approval that it would not need without, where there is one. */
export const quarantineAt = (
  tier: Tier,
  observed: Pick<Observed, "deployment" | "others" | "records">,
): RecordSpec | undefined => setbackOf(tier, observed) ?? quarantineOf(observed);

/** What an action on this tier must name; whatever of it changes voids what was given before. */
export function tokenOf(tier: Tier, observed: Observed): TierToken {
  const before = TIERS.slice(0, TIERS.indexOf(tier));
  const parts = {
    record: enablingRecord(observed.records, before)?.hash ?? hashOf(null),
    targets: hashOf(rulesOf(tier, observed)),
    quarantine: quarantineAt(tier, observed)?.hash ?? hashOf(null),
    policies: hashOf(observed.policies.state === "InForce" ? observed.policies.identity : null),
  };
  const whole = hashOf({ tier, ...parts });
  return { whole, value: whole.slice(0, 16), parts };
}

/** Servers count with uid and spec. Mainframes come and go; the rules their Omega servers set for them do not. */
function rulesOf(tier: Tier, { targets, records }: Observed): unknown {
  const progress = progressOf(records);
  return tier === "mainframes"
    ? feedersOf(targets, progress).map(({ target }) => ({
        uid: target.metadata.uid,
        approval: isServer(target) ? target.spec.approval : null,
      }))
    : targetsOf(tier, targets, progress).map(({ target }) => ({ uid: target.metadata.uid, spec: target.spec }));
}

/**
 * What an action names about a thing that is recorded: the token a tier began with, a record that holds something. Under other
 * policies it is another one, so what was planted while there were none counts under none; and after something else happened
 * there (`since`), so that what was asked in vain does not happen later by itself.
 */
export const tokenOfRecorded = (frozen: string, policies: SeenPolicies, since: readonly unknown[] = []): string =>
  hashOf({ frozen, since, policies: hashOf(policies.state === "InForce" ? policies.identity : null) }).slice(0, 16);
