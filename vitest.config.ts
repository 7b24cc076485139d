import { defineConfig } from "vitest/config";

// Three projects by what they need: nothing, a control plane, a control plane with servers and agents. The last two share one cluster and run
// file by file, after the first, because they measure and the machine is small.
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts", "test/unit/**/*.test.ts"], testTimeout: 20_000, hookTimeout: 20_000, sequence: { groupOrder: 0 } } },
      {
        test: {
          name: "apiserver",
          include: ["test/apiserver/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          globalSetup: ["test/cluster/setup.ts"],
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
          globalSetup: ["test/cluster/setup.ts"],
        },
      },
    ],
  },
});
