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
    if (writes || ordinalOf(site) - from < most) for (const fault of REPLY_FAULTS) add(fault, site);
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

/** A small generator of the same numbers for the same seed. */
const numbers = (seed: number) => {
  let state = seed >>> 0;
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const shuffled = <T>(items: readonly T[], random: () => number): readonly T[] =>
  items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);

/** All plans in an order of which every beginning is spread over all workloads and faults; the same for the same seed. */
export function spread(plans: readonly Plan[], seed: number): readonly Plan[] {
  const random = numbers(seed);
  const cells = new Map<string, Plan[]>();
  for (const plan of plans) {
    const cell = `${plan.workload}/${plan.fault}`;
    cells.set(cell, [...(cells.get(cell) ?? []), plan]);
  }
  const queues = shuffled([...cells.values()], random).map((cell) => [...shuffled(cell, random)]);
  const order: Plan[] = [];
  for (let left = true; left;) {
    left = false;
    for (const queue of queues) {
      const next = queue.shift();
      if (next !== undefined) order.push(next);
      left ||= queue.length > 0;
    }
  }
  return order;
}

export { planId };
