/**
 * `npm run faults [-- --workload <name> --fault <name> --limit <n> --budget <seconds> --seed <n> --at-once <n> --plan <id>]`: writes down every request of six
 * workloads, and then lets each of them go wrong in every way there is. Ends with 1 where a run did not come to the end of the undisturbed one.
 */
import { parseArgs } from "node:util";
import { startCluster } from "../test/cluster/cluster.ts";
import { install } from "../test/cluster/install.ts";
import { startNode } from "../test/cluster/kubelet.ts";
import { progressLine } from "../test/cluster/progress.ts";
import { campaign } from "../test/faults/campaign.ts";
import { openHall } from "../test/faults/hall.ts";
import { QUICK_IMAGE, quickCheck } from "../test/faults/quick-check.ts";
import { parsePlan, planId } from "../test/faults/plan.ts";
import { printed } from "../test/faults/table.ts";

const { values } = parseArgs({
  options: {
    workload: { type: "string", multiple: true },
    fault: { type: "string", multiple: true },
    limit: { type: "string" },
    budget: { type: "string" },
    seed: { type: "string" },
    "at-once": { type: "string" },
    plan: { type: "string", multiple: true },
    verbose: { type: "boolean" },
    log: { type: "boolean" },
  },
});

const cluster = await startCluster({ onProgress: (progress) => console.error(progressLine(progress)) });
let diverged = 0;
const lost: string[] = [];
process.on("unhandledRejection", (reason) => {
  lost.push(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
});
try {
  await install(cluster);
  const node = await startNode({ cluster, images: { [QUICK_IMAGE]: quickCheck } });
  const hall = await openHall(cluster);
  const result = await campaign(hall, {
    ...(values.workload && { workloads: values.workload }),
    ...(values.fault && { faults: values.fault }),
    ...(values.plan && { plans: values.plan.map(parsePlan) }),
    ...(values.limit !== undefined && { limit: Number(values.limit) }),
    ...(values.budget !== undefined && { budgetMs: 1000 * Number(values.budget) }),
    ...(values.seed !== undefined && { seed: Number(values.seed) }),
    ...(values["at-once"] !== undefined && { atOnce: Number(values["at-once"]) }),
    ...(values.verbose === true && { begun: (plan) => console.error(`begun ${planId(plan)}`) }),
    told: ({ plan, run, wrong }) => {
      if (wrong.length > 0 || values.plan || values.verbose === true)
        console.error(
          `${wrong.length > 0 ? "DIVERGED " : "converged"} ${planId(plan)} in ${run.tookMs} ms, struck ${run.script.struck()} times, ${run.lives} lives`,
        );
      if (values.log === true) {
        for (const { at, life, site, status, fault } of run.script.steps)
          console.error(`  ${at} life ${life} ${site} ${status ?? "-"} ${fault ?? ""}`);
        console.error(run.log.join(""));
      }
    },
  });
  console.log(printed(result));
  diverged = result.findings.filter(({ wrong }) => wrong.length > 0).length;
  await hall.stop();
  await node.stop();
} finally {
  await cluster.stop();
}
for (const text of lost) console.log(`\na promise was rejected and nobody noticed: ${text}`);
process.exit(diverged === 0 && lost.length === 0 ? 0 : 1);
