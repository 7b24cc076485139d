import { defineConfig } from "vitest/config";
import { LONG, runsLong } from "./test/long.ts";

/** End to end, and without the operator of the others: they bring what they need. */
const APART = ["test/e2e/demo.test.ts", "test/e2e/agent/**/*.test.ts", "test/e2e/real-node/**/*.test.ts"];

const left = runsLong(process.env) ? [] : LONG;

// Five projects by what they need: nothing; seconds of real parts (a database, processes: `*.parts.test.ts`, beside the source, not part of
// `npm run check`); a control plane; a control plane with an operator, servers and agents; and what brings its own. What
// needs a control plane runs file by file, because it measures and the machine is small. Unit tests share their worker's modules: that halves the time they take.
export default defineConfig({
  test: {
    // Sources that did not change are not transformed again: the second run of `npm run check` is the one that is waited for.
    fsModuleCache: true,
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/unit/**/*.test.ts"],
          exclude: ["**/*.parts.test.ts"],
          isolate: false,
          maxWorkers: 4,
          testTimeout: 20_000,
          hookTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "parts",
          include: ["src/**/*.parts.test.ts", "test/unit/**/*.parts.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "apiserver",
          include: ["test/apiserver/**/*.test.ts"],
          exclude: [...left],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
          globalSetup: ["test/cluster/setup.ts"],
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: [...APART, ...left],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
          globalSetup: ["test/cluster/setup.ts"],
        },
      },
      {
        test: {
          name: "apart",
          include: APART,
          exclude: [...left],
          globalSetup: ["test/cluster/setup.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
