import { setTimeout as pause } from "node:timers/promises";
import type { Call } from "./call.ts";
import { keyOf } from "./call.ts";
import { type Fault, isAt, type Plan } from "./plan.ts";

/** One thing the operator asked for, and what became of it. */
export interface Step {
  readonly site: string;
  readonly life: number;
  /** Milliseconds since the run began. */
  readonly at: number;
  readonly writes: boolean;
  readonly agent: boolean;
  /** Of the reply of the server itself; none where nothing was handed on. */
  status?: number;
  fault?: Fault;
}

/** The run as it is written down, and the place at which its plan strikes. */
export interface Script {
  readonly plan: Plan | undefined;
  readonly steps: Step[];
  /** Events of watches that passed, as `event:jobs#3 ADDED`. */
  readonly events: { readonly site: string; readonly type: string; readonly at: number }[];
  readonly struck: () => number;
  readonly enter: (
    call: Call,
    life: number,
    agent?: string,
  ) => { readonly step: Step; readonly fault: Fault | undefined };
  readonly event: (resource: string, type: string) => Fault | undefined;
  /** A record was taken. */
  readonly recorded: () => void;
  /** What is said then is heard when the next record is there, which another leader writes: the worst moment. */
  readonly heldBack: <T>(on: () => Promise<T>) => () => Promise<T>;
  readonly at: () => number;
  /** What comes from now on is what this workload is about; what was before is the same in others. */
  readonly begin: () => void;
  readonly begunAt: () => number;
  /** When the last thing was written that anybody sees, or an agent was told something. */
  readonly lastWriteAt: () => number;
}

/** Where no record follows. */
const HELD_BACK_MS = 3_000;

export function createScript(plan: Plan | undefined, now: () => number = () => performance.now()): Script {
  const begun = now();
  const counts = new Map<string, number>();
  const steps: Step[] = [];
  const events: { site: string; type: string; at: number }[] = [];
  let all = 0;
  let struck = 0;
  let chapter = 0;
  let next = Promise.withResolvers<void>();
  const nth = (key: string): string => {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return `${key}#${count}`;
  };
  const at = (): number => Math.round(now() - begun);
  return {
    plan,
    steps,
    events,
    at,
    begin: () => {
      chapter = at();
    },
    begunAt: () => chapter,
    struck: () => struck,
    lastWriteAt: () => steps.findLast(({ writes, status = 0 }) => writes && status >= 200 && status < 300)?.at ?? 0,
    enter: (call, life, agent) => {
      const site = nth(agent === undefined ? keyOf(call) : `agent:${agent}:${call.verb}-${call.resource}`);
      all += 1;
      const fault = isAt(plan, site, all) ? plan?.fault : undefined;
      if (fault !== undefined) struck += 1;
      const step: Step = {
        site,
        life,
        at: at(),
        writes: call.writes,
        agent: agent !== undefined,
        ...(fault && { fault }),
      };
      steps.push(step);
      return { step, fault };
    },
    recorded: () => {
      next.resolve();
      next = Promise.withResolvers<void>();
    },
    heldBack: (on) => async () => {
      const said = await on();
      await Promise.race([next.promise, pause(HELD_BACK_MS)]);
      return said;
    },
    event: (resource, type) => {
      const site = nth(`event:${resource}`);
      events.push({ site, type, at: at() });
      if (plan === undefined || plan.site !== site) return undefined;
      struck += 1;
      return plan.fault;
    },
  };
}
