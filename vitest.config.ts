import { defineConfig } from "vitest/config";

// Three projects by what they need: nothing, a control plane, a control plane with servers and agents.
const project = (name: string, include: readonly string[], testTimeout: number, maxWorkers?: number) => ({
  test: { name, include: [...include], testTimeout, hookTimeout: testTimeout, ...(maxWorkers ? { maxWorkers } : {}) },
});

export default defineConfig({
  test: {
    projects: [
      project("unit", ["src/**/*.test.ts", "test/unit/**/*.test.ts"], 20_000),
      project("apiserver", ["test/apiserver/**/*.test.ts"], 60_000, 1),
      project("e2e", ["test/e2e/**/*.test.ts"], 180_000, 1),
    ],
  },
});
