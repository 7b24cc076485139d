/** `npm test`: every test this machine can run. The last line is `N passed, N failed, N skipped`; before it stands why, and what to install. */
import { createVitest, type TestModule, type TestProject, type Vitest } from "vitest/node";
import { findControlPlane } from "../test/cluster/binaries.ts";
import { progressLine } from "../test/cluster/progress.ts";

interface Count {
  passed: number;
  failed: number;
  /** Why, and how many. */
  readonly skipped: Map<string, number>;
}

const needsCluster = ({ name }: TestProject): boolean => name !== "unit";

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

const countModule = (count: Count, module: TestModule): void => {
  let failed = 0;
  let tests = 0;
  for (const test of module.children.allTests()) {
    tests += 1;
    const result = test.result();
    switch (result.state) {
      case "passed":
        count.passed += 1;
        break;
      case "skipped":
        skip(count, result.note ?? "skipped in the source without a reason");
        break;
      case "failed":
      case "pending":
        failed += 1;
        break;
    }
  }
  // A file that breaks, or that holds no test, is one failure more than its tests can show.
  const broken = module.errors().length > 0 || (module.state() === "failed" && failed === 0) || tests === 0;
  count.failed += failed + (broken ? 1 : 0);
};

const summary = ({ passed, failed, skipped }: Count): string => {
  const total = [...skipped.values()].reduce((sum, tests) => sum + tests, 0);
  return `${passed} passed, ${failed} failed, ${total} skipped`;
};

const runAll = async (vitest: Vitest, filters: readonly string[]): Promise<Count> => {
  const specifications = await vitest.globTestSpecifications([...filters]);
  const count: Count = { passed: 0, failed: 0, skipped: new Map() };
  const reason = specifications.some(({ project }) => needsCluster(project)) ? await noControlPlane() : undefined;
  const possible = specifications.filter(({ project }) => reason === undefined || !needsCluster(project));
  const run = await vitest.runTestSpecifications(possible, filters.length === 0);
  for (const module of run.testModules) countModule(count, module);
  // Every file asked for is accounted for: one that reported nothing has crashed.
  count.failed += Math.max(0, possible.length - run.testModules.length) + run.unhandledErrors.length;
  if (reason !== undefined) {
    const impossible = specifications.filter(({ project }) => needsCluster(project));
    for (const module of await vitest.parseSpecifications(impossible)) skip(count, reason, [...module.children.allTests()].length);
  }
  return count;
};

const vitest = await createVitest("test", { run: true, watch: false, reporters: [process.env["CI"] ? "verbose" : "default"] });
let count: Count;
try {
  count = await runAll(vitest, process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  count = { passed: 0, failed: 1, skipped: new Map() };
} finally {
  await vitest.close();
}
for (const [reason, tests] of count.skipped) console.log(`\n${tests} skipped: ${reason}`);
console.log(`\n${summary(count)}`);
process.exit(count.failed > 0 || count.passed === 0 ? 1 : 0);
