import { enumerate, spread } from "./enumerate.ts";
import type { Hall } from "./hall.ts";
import { judge } from "./oracles.ts";
import { type Plan, planId } from "./plan.ts";
import { type Run, runPlan } from "./run.ts";
import { type Workload, WORKLOADS } from "./workloads.ts";

/** What became of one plan. */
export interface Finding {
  readonly plan: Plan;
  readonly run: Run;
  /** In what it differs from how it has to be; nothing where it converged. */
  readonly wrong: readonly string[];
}

export interface Campaign {
  /** Plans there are, and those of them that were chosen. */
  readonly enumerated: number;
  readonly chosen: number;
  readonly findings: readonly Finding[];
}

export interface CampaignOptions {
  readonly workloads?: readonly string[];
  readonly faults?: readonly string[];
  /** Exactly these plans, whatever else is said. */
  readonly plans?: readonly Plan[];
  readonly limit?: number;
  readonly seed?: number;
  readonly atOnce?: number;
  /** No plan is begun after so long. */
  readonly budgetMs?: number;
  readonly told?: (finding: Finding) => void;
}

/** What nobody disturbed; where that does not end well no fault can be judged. */
async function calmRun(hall: Hall, workload: Workload): Promise<Run> {
  const calm = await runPlan(hall, workload);
  const wrong = judge(calm, calm);
  if (wrong.length > 0)
    throw new Error(
      `${workload.name} does not come to its end undisturbed, so no fault can be judged:\n  ${wrong.join("\n  ")}`,
    );
  return calm;
}

export async function campaign(hall: Hall, options: CampaignOptions = {}): Promise<Campaign> {
  const {
    workloads: named,
    faults,
    plans: exactly,
    limit = Infinity,
    seed = 1,
    atOnce = 6,
    budgetMs = Infinity,
    told,
  } = options;
  const begun = performance.now();
  const wanted = exactly?.map(({ workload }) => workload) ?? named;
  const workloads = WORKLOADS.filter(({ name }) => wanted === undefined || wanted.includes(name));
  const unknown = wanted?.find((name) => !WORKLOADS.some((one) => one.name === name));
  if (unknown !== undefined)
    throw new Error(`there is no workload ${unknown}; there are ${WORKLOADS.map(({ name }) => name).join(", ")}`);
  const calm = new Map<string, Run>();
  const ahead = [...workloads];
  const calmly = async (): Promise<void> => {
    for (let next = ahead.shift(); next !== undefined; next = ahead.shift())
      calm.set(next.name, await calmRun(hall, next));
  };
  await Promise.all(Array.from({ length: atOnce }, calmly));
  const all = workloads.flatMap((workload) => {
    const run = calm.get(workload.name);
    return run === undefined ? [] : enumerate(workload, run);
  });
  const asked = exactly ?? all.filter(({ fault }) => faults === undefined || faults.includes(fault));
  const waiting = [...(exactly ?? spread(asked, seed))].slice(0, limit);
  const chosen = waiting.length;
  const findings: Finding[] = [];
  const work = async (): Promise<void> => {
    for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) {
      if (performance.now() - begun >= budgetMs) return;
      const workload = workloads.find(({ name }) => name === plan?.workload);
      const reference = calm.get(plan.workload);
      if (workload === undefined || reference === undefined) throw new Error(`${planId(plan)} names no workload`);
      const run = await runPlan(hall, workload, plan);
      const finding = { plan, run, wrong: judge(run, reference) };
      findings.push(finding);
      told?.(finding);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, chosen) }, work));
  return { enumerated: all.length, chosen, findings };
}
