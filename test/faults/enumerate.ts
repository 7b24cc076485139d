import { createHash } from "node:crypto";
import { CRASH_FAULTS, type Fault, type Plan, planId, REPLY_FAULTS, WATCH_FAULTS } from "./plan.ts";
import type { Run } from "./run.ts";
import type { Workload } from "./workloads.ts";

/** A question that is repeated while something is waited for: later ones are asked in the same state as these. */
const REPEATED_AT_MOST = 4;
const LEASES_AT_MOST = 2;
/** Something wrong again and again, at every n-th request. */
const EVERY = [5, 11, 23] as const;
const AGAIN_AND_AGAIN: readonly Fault[] = ["429", "500", "503", "504", "reset-before", "reset-after", "garbled"];

const ordinalOf = (site: string): number => Number(site.slice(site.lastIndexOf("#") + 1));

/** Every plan that the trace of the undisturbed run of a workload gives: its sites and events, times the faults that can happen there. */
export function enumerate({ name: workload }: Workload, { script }: Run): readonly Plan[] {
  const steps = script.steps.filter(({ at }) => at >= script.begunAt());
  const plans: Plan[] = [];
  const add = (fault: Fault, site: string): void => void plans.push({ workload, fault, site });
  const first = new Map<string, number>();
  for (const { site, writes, agent } of steps) {
    const key = site.slice(0, site.lastIndexOf("#"));
    const from = first.get(key) ?? ordinalOf(site);
    first.set(key, from);
    const most = key.includes(":leases:") ? LEASES_AT_MOST : REPEATED_AT_MOST;
    if (writes || ordinalOf(site) - from < most) {
      for (const fault of REPLY_FAULTS) add(fault, site);
      // Two ask for it, one after the other.
      if (!key.startsWith("watch:"))
        for (const less of [1, 0]) add("two-leaders", `${key}#${2 * ordinalOf(site) - less}`);
    }
    if (writes) for (const fault of [...CRASH_FAULTS, "failover"] as const) add(fault, site);
    if (writes && !agent) add("paused-leader", site);
  }
  for (const { site, type, at } of script.events)
    if (at >= script.begunAt())
      for (const fault of WATCH_FAULTS)
        if (fault === "watch-merged" ? type === "DELETED" && site.startsWith("event:deployments#") : true)
          add(fault, site);
  for (const nth of EVERY) for (const fault of AGAIN_AND_AGAIN) add(fault, `*#${nth}`);
  add("two-leaders", "run");
  return plans;
}

/**
 * All plans in an order of which every beginning is spread over all workloads and faults. A plan's rank is of its name and the seed only, so that
 * two traces that differ in a few places give nearly the same order: what failed in one campaign comes again in the next one.
 */
export function spread(plans: readonly Plan[], seed: number): readonly Plan[] {
  const rank = (name: string): string => createHash("sha256").update(`${seed} ${name}`).digest("hex");
  const cells = Map.groupBy(plans, ({ workload, fault }) => `${workload}/${fault}`);
  const queues = ranked([...cells], ([cell]) => rank(cell)).map(([, cell]) =>
    ranked(cell, (plan) => rank(planId(plan))),
  );
  const longest = Math.max(0, ...queues.map((queue) => queue.length));
  return Array.from({ length: longest }, (_, turn) => queues.flatMap((queue) => queue[turn] ?? [])).flat();
}

function ranked<T>(items: readonly T[], rank: (item: T) => string): readonly T[] {
  return items
    .map((item) => ({ item, at: rank(item) }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ item }) => item);
}
