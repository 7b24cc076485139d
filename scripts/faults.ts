/**
 * `npm run faults [-- --workload <name> --fault <name> --limit <n> --budget <seconds> --seed <n> --at-once <n> --plan <id> --verbose --log]`: writes down every
 * request of the workloads, and then lets each of them go wrong in every way there is; `--plan` repeats one. `--time-travel` restores the API server from an older
 * state. `--mutants [--only <word>]` makes mistakes in a copy of the tree and sees whether they are noticed. Ends with 1 where a run came to another end, or where more than one mistake in twenty was missed.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { accessTo, type ClusterAccess, type Coordinates } from "../test/cluster/access.ts";
import { type Cluster, startCluster } from "../test/cluster/cluster.ts";
import { install } from "../test/cluster/install.ts";
import { startNode } from "../test/cluster/kubelet.ts";
import { progressLine } from "../test/cluster/progress.ts";
import { campaign } from "../test/faults/campaign.ts";
import { openHall } from "../test/faults/hall.ts";
import { MUTANTS } from "../test/faults/mutants.ts";
import { noticed, stale } from "../test/faults/mutate.ts";
import { parsePlan, planId } from "../test/faults/plan.ts";
import { QUICK_IMAGE, quickCheck } from "../test/faults/quick-check.ts";
import { printed } from "../test/faults/table.ts";
import { travelInTime } from "../test/faults/time-travel.ts";

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
    mutants: { type: "boolean" },
    "time-travel": { type: "boolean" },
    only: { type: "string", multiple: true },
    /** A file that says where a running cluster is, for the copies that have a mistake in them. */
    cluster: { type: "string" },
  },
});

/** A cluster with the product's kinds and policies, and a node that runs the quick check. */
async function ownCluster(): Promise<{ readonly cluster: Cluster; readonly stop: () => Promise<void> }> {
  const cluster = await startCluster({ onProgress: (progress) => console.error(progressLine(progress)) });
  try {
    await install(cluster);
    const node = await startNode({ cluster, images: { [QUICK_IMAGE]: quickCheck } });
    return {
      cluster,
      stop: async () => {
        await node.stop();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

const running = (file: string): ClusterAccess => accessTo(JSON.parse(readFileSync(file, "utf8")) as Coordinates);

/** How many ran to another end. */
async function findFaults(cluster: ClusterAccess): Promise<number> {
  const hall = await openHall(cluster);
  try {
    const result = await campaign(hall, {
      ...(values.workload && { workloads: values.workload }),
      ...(values.fault && { faults: values.fault }),
      ...(values.plan && { plans: values.plan.map(parsePlan) }),
      ...(values.limit !== undefined && { limit: Number(values.limit) }),
      ...(values.budget !== undefined && { budgetMs: 1000 * Number(values.budget) }),
      ...(values.seed !== undefined && { seed: Number(values.seed) }),
      ...(values["at-once"] !== undefined && { atOnce: Number(values["at-once"]) }),
      told: ({ plan, run, wrong }) => {
        if (wrong.length > 0 || values.plan || values.verbose === true)
          console.error(
            `${wrong.length > 0 ? "DIVERGED " : "converged"} ${planId(plan)} in ${run.tookMs} ms, struck ${run.script.struck()} times, ${run.lives} lives`,
          );
        if (values.log !== true) return;
        for (const { at, life, site, status, fault } of run.script.steps)
          console.error(`  ${at} life ${life} ${site} ${status ?? "-"} ${fault ?? ""}`);
        console.error(run.log.join(""));
      },
    });
    console.log(printed(result));
    return result.findings.filter(({ wrong }) => wrong.length > 0).length;
  } finally {
    await hall.stop();
  }
}

/** How many more than one in twenty were missed. */
async function findMutants(cluster: ClusterAccess): Promise<number> {
  const old = stale(MUTANTS);
  if (old.length > 0) throw new Error(`write these anew in test/faults/mutants.ts:\n  ${old.join("\n  ")}`);
  const { dir, server, caPem, kubeconfig, kubectlPath, caFile } = cluster;
  const file = join(dir, "coordinates.json");
  const at: Coordinates = { dir, server, caPem, kubeconfig, kubectlPath, ...(caFile !== undefined && { caFile }) };
  writeFileSync(file, JSON.stringify(at), { mode: 0o600 });
  const missed: string[] = [];
  const wanted = MUTANTS.filter(({ name }) => values.only?.some((word) => name.includes(word)) !== false);
  for (const mutant of wanted) {
    const by = await noticed(mutant, file);
    if (by === undefined) missed.push(mutant.name);
    console.log(
      `${by === undefined ? "MISSED" : "caught"}  ${mutant.name} (${mutant.file})${by === undefined ? "" : `\n          by ${by}`}`,
    );
  }
  console.log(
    `${wanted.length} mistakes, ${wanted.length - missed.length} caught, ${missed.length} missed${missed.map((name) => `\n  missed: ${name}`).join("")}`,
  );
  return Math.max(0, missed.length - Math.floor(wanted.length / 20));
}

/** How much was wrong after the API server had been restored from an older state. */
async function findLostTime(restorable: Cluster): Promise<number> {
  const hall = await openHall(restorable);
  let found = 0;
  try {
    for (const traveller of ["the same operator", "another operator"] as const) {
      const wrong = await travelInTime(hall, restorable, traveller);
      found += wrong.length;
      console.log(`${wrong.length === 0 ? "converged" : "DIVERGED "}  ${traveller} meets a restored API server`);
      for (const sentence of wrong) console.log(`  ${sentence}`);
    }
    return found;
  } finally {
    await hall.stop();
  }
}

const lost: string[] = [];
process.on("unhandledRejection", (reason) => {
  lost.push(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
});
const own = values.cluster === undefined ? await ownCluster() : undefined;
const cluster = own?.cluster ?? running(values.cluster ?? "");
let wrong = 1;
try {
  if (values.mutants === true) wrong = await findMutants(cluster);
  else if (values["time-travel"] === true && own !== undefined) wrong = await findLostTime(own.cluster);
  else wrong = await findFaults(cluster);
} catch (error) {
  console.error(error);
} finally {
  await own?.stop();
}
for (const text of lost) console.log(`\na promise was rejected and nobody noticed: ${text}`);
process.exit(wrong === 0 && lost.length === 0 ? 0 : 1);
