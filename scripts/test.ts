/** `npm test`: every test this machine can run. The last line is `N passed, N failed, N skipped`; before it stands why, and what to install. */
import { createVitest, type TestModule, type TestProject, type TestSpecification, type Vitest } from "vitest/node";
import { findControlPlane } from "../test/cluster/binaries.ts";
import { progressLine } from "../test/cluster/progress.ts";
import { LONG, runsLong } from "../test/long.ts";
import { OPERATOR_RIGHTS } from "../src/api/rbac.ts";
import { rememberedRights, rememberRights, unusedRights } from "../test/cluster/rights.ts";

interface Count {
  passed: number;
  failed: number;
  /** Why, and how many. */
  readonly skipped: Map<string, number>;
  /** Said again at the end, where a reader of a long log begins. */
  readonly failures: string[];
}

const WITHOUT_CLUSTER = ["unit", "parts"] as const;

const needsCluster = ({ name }: TestProject): boolean => !WITHOUT_CLUSTER.some((project) => project === name);

/** Why there is no control plane here, if so. Where CI runs that is a failure, not a reason to skip. */
const noControlPlane = async (): Promise<string | undefined> => {
  try {
    await findControlPlane((progress) => console.error(progressLine(progress)));
    return undefined;
  } catch (error) {
    if (process.env["CI"]) throw error;
    return error instanceof Error ? error.message : String(error);
  }
};

const skip = (count: Count, reason: string, tests = 1): void => {
  count.skipped.set(reason, (count.skipped.get(reason) ?? 0) + tests);
};

/** From all that the tests asked of their API servers: the operator has no right that it does not use, and none that it misses. */
const judgeRights = (count: Count): void => {
  const { used, refused } = rememberedRights();
  const unused = unusedRights(OPERATOR_RIGHTS, used);
  console.log(`\nrights of the operator: ${OPERATOR_RIGHTS.length - unused.length} of ${OPERATOR_RIGHTS.length} used`);
  for (const right of unused) console.error(`never used: ${right}`);
  for (const right of refused) console.error(`missing: ${right}`);
  if (unused.length + refused.length === 0) count.passed += 1;
  else {
    count.failed += 1;
    count.failures.push("the rights of the operator are not those it uses");
  }
};

const countModule = (count: Count, module: TestModule): void => {
  let failed = 0;
  let tests = 0;
  for (const test of module.children.allTests()) {
    tests += 1;
    // A cluster of its own ends with its tests.
    const { rights } = test.meta();
    if (rights !== undefined) rememberRights(rights);
    const result = test.result();
    switch (result.state) {
      case "passed":
        count.passed += 1;
        break;
      case "skipped":
        skip(count, result.note ?? "skipped in the source without a reason");
        break;
      case "failed":
        failed += 1;
        count.failures.push(`${module.relativeModuleId} > ${test.fullName}: ${result.errors[0]?.message ?? ""}`);
        break;
      case "pending":
        failed += 1;
        count.failures.push(`${module.relativeModuleId} > ${test.fullName}: it never ended`);
        break;
    }
  }
  // A file that breaks, or that holds no test, is one failure more than its tests can show.
  const broken = module.errors().length > 0 || (module.state() === "failed" && failed === 0) || tests === 0;
  count.failed += failed + (broken ? 1 : 0);
  if (broken)
    count.failures.push(
      `${module.relativeModuleId}: ${module.errors()[0]?.message ?? "it broke outside of its tests"}`,
    );
};

/** What was thrown in a worker comes without its class. */
const messageOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "message" in error ? String(error.message) : JSON.stringify(error);

const summary = ({ passed, failed, skipped }: Count): string => {
  const total = [...skipped.values()].reduce((sum, tests) => sum + tests, 0);
  return `${passed} passed, ${failed} failed, ${total} skipped`;
};

const reporter = process.env["CI"] ? "verbose" : "default";
const open = (projects: readonly string[]): Promise<Vitest> =>
  createVitest("test", {
    run: true,
    watch: false,
    reporters: [reporter],
    passWithNoTests: true,
    ...(projects.length > 0 ? { project: [...projects] } : {}),
  });

/** Counts the tests of files that do not run, by reading them. */
const countUnrun = async (
  count: Count,
  filters: readonly string[],
  reason: string,
  isUnrun: (specification: TestSpecification) => boolean,
): Promise<void> => {
  const vitest = await open([]);
  try {
    const unrun = (await vitest.globTestSpecifications([...filters])).filter(isUnrun);
    for (const module of await vitest.parseSpecifications(unrun))
      skip(count, reason, [...module.children.allTests()].length);
  } finally {
    await vitest.close();
  }
};

const runPossible = async (count: Count, filters: readonly string[], projects: readonly string[]): Promise<void> => {
  const vitest = await open(projects);
  try {
    const asked = await vitest.globTestSpecifications([...filters]);
    if (asked.length === 0) return;
    const run = await vitest.start([...filters]);
    for (const module of run.testModules) countModule(count, module);
    // Every file asked for is accounted for: one that reported nothing has crashed.
    const reported = new Set(run.testModules.map(({ moduleId }) => moduleId));
    const silent = asked.filter(({ moduleId }) => !reported.has(moduleId)).map(({ moduleId }) => moduleId);
    const unhandled = run.unhandledErrors.map(messageOf);
    count.failed += silent.length + unhandled.length;
    count.failures.push(...silent.map((file) => `${file}: it reported nothing`));
    count.failures.push(...unhandled.map((message) => `outside of the tests: ${message}`));
  } finally {
    await vitest.close();
  }
};

/**
 * What runs beside what: the tests with an operator go one file after the other, because one operator leads a cluster; meanwhile the
 * rest does, on a cluster without one. Most of what takes long is waiting.
 */
const LANES = [["unit", "parts", "apiserver", "apart"], ["e2e"]] as const;

const filters = process.argv.slice(2);
// What is asked for by its path is run, however long it takes.
if (filters.length > 0) process.env["ASHAT_LONG"] = "1";
const count: Count = { passed: 0, failed: 0, skipped: new Map(), failures: [] };
try {
  const reason = await noControlPlane();
  const lanes = reason === undefined ? LANES : [WITHOUT_CLUSTER];
  await Promise.all(lanes.map((lane) => runPossible(count, filters, lane)));
  if (reason !== undefined) await countUnrun(count, filters, reason, ({ project }) => needsCluster(project));
  else if (!runsLong(process.env)) {
    process.env["ASHAT_LONG"] = "1";
    await countUnrun(count, [...LONG], "they take long: CI=true npm test runs them, too", () => true);
  }
} catch (error) {
  console.error(error);
  count.failed += 1;
  count.failures.push(messageOf(error));
}
// Only all of them together use all.
if (filters.length === 0 && process.env["CI"]) judgeRights(count);
for (const failure of count.failures) console.error(`\nfailed: ${failure.slice(0, 1000)}`);
for (const [reason, tests] of count.skipped) console.log(`\n${tests} skipped: ${reason}`);
console.log(`\n${summary(count)}`);
process.exit(count.failed > 0 || count.passed === 0 ? 1 : 0);
