import { EVIDENCE_FINALIZER, LABEL } from "../../src/api/group.ts";
import { type RecordSpec, verifyChain } from "../../src/api/record.ts";
import type { Room } from "./room.ts";
import type { Workload } from "./workloads.ts";

/** What must be the same whatever went wrong on the way. */
export interface End {
  readonly updates: Readonly<Record<string, UpdateEnd>>;
  readonly targets: Readonly<Record<string, TargetEnd>>;
  /** Attempt of every Job, and whether it is still held. */
  readonly jobs: readonly string[];
}
interface UpdateEnd {
  readonly chain: readonly string[];
  readonly status: unknown;
  readonly broken: readonly string[];
}
interface TargetEnd {
  readonly version: string | undefined;
  /** Sequence of the order that runs, and how often each order was activated. */
  readonly runs: readonly string[];
  readonly activations: readonly number[];
  readonly claims: readonly string[];
}

/**
 * Sequences as their order among those used on a target: a claim that is given back because a gate shut, and taken again, uses one
 * up, and nothing else than their order means anything.
 */
type Ranks = (target: string, sequence: number | undefined) => number | "";

const ranksIn = (records: readonly RecordSpec[]): Ranks => {
  const used = new Map<string, number[]>();
  for (const { name, sequence } of records.flatMap(({ targets = [] }) => targets))
    if (sequence !== undefined) used.set(name, [...(used.get(name) ?? []), sequence]);
  return (target, sequence) =>
    sequence === undefined ? "" : new Set((used.get(target) ?? []).filter((one) => one <= sequence)).size;
};

/** A move as one line that is the same in every run. */
const moveOf = (record: RecordSpec, rank: Ranks): string => {
  const { tier, from, to, reason, message, completes, targets, approvals, evidence, actor, version } = record;
  return [
    `${tier ?? ""} ${from ?? ""}>${to} ${reason}${completes === true ? " completes" : ""} ${version}`,
    message,
    (targets ?? []).map(({ name, sequence, attempt }) => `${name}@${rank(name, sequence)}.${attempt ?? ""}`).join(","),
    (approvals ?? []).map(({ user }) => user).join(","),
    (evidence ?? []).map(({ target, category, verdict }) => `${target} ${category} ${verdict}`).join(","),
    // While the policies cannot be read nobody can say who created an update, and the record says that.
    to === "Waiting" ? "" : actor.name,
  ].join(" | ");
};

/** Tokens and hashes are of this run only. */
const plain = (text: string | undefined): string | undefined =>
  text?.replace(/\b[0-9a-f]{16,64}\b/g, "<hash>").replace(/\b[a-z0-9-]+-[0-9a-f]{8}\b/g, "<own>");

export async function endOf(room: Room, workload: Workload): Promise<End> {
  const chains = new Map(
    await Promise.all(workload.updates.map(async (name) => [name, await room.chainOf(name)] as const)),
  );
  const rank = ranksIn([...chains.values()].flat());
  const updates = await Promise.all(
    workload.updates.map(async (name): Promise<readonly [string, UpdateEnd]> => {
      const chain = chains.get(name) ?? [];
      const { phase, tier, message, readiness, mainframes, tiers, conditions } = await room.status(name);
      const uids = [...new Set(chain.map(({ deployment }) => deployment.uid))];
      return [
        name,
        {
          chain: chain.map((record) => plain(moveOf(record, rank)) ?? ""),
          status: {
            phase,
            tier,
            message: plain(message),
            readiness,
            mainframes,
            tiers: tiers?.map(({ name: at, state, passed, total }) => `${at} ${state} ${passed}/${total}`),
            conditions: conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`),
          },
          broken: uids.flatMap((uid) => verifyChain(chain.filter(({ deployment }) => deployment.uid === uid))),
        },
      ];
    }),
  );
  const targets = await Promise.all(
    room.targets().map(async ({ name, version, agent, status }): Promise<readonly [string, TargetEnd]> => {
      const [seen, { apps = [] }] = [await agent(), await status()];
      return [
        name,
        {
          version: await version(),
          runs: seen.apps.map(({ version: runs, sequence }) => `${runs}@${rank(name, sequence)}`),
          activations: seen.activations.map(({ count }) => count),
          claims: apps.map(
            ({ app, claim, sequence, version: verified }) =>
              `${app} ${verified ?? "-"}@${rank(name, sequence)} ${claim?.name ?? "free"}`,
          ),
        },
      ];
    }),
  );
  const jobs = (await room.jobs()).map(
    ({ metadata }) =>
      `attempt ${metadata.labels?.[LABEL.attempt]} ${metadata.finalizers?.includes(EVIDENCE_FINALIZER) === true ? "held" : "free"}`,
  );
  return { updates: Object.fromEntries(updates), targets: Object.fromEntries(targets), jobs: jobs.sort() };
}
