import { collectDefaultMetrics, Gauge, Registry } from "@prometheus-io/client";

/** Where everything that is counted is registered; one per process, handed to whoever counts. */
export type Metrics = Registry;

/** The numbers of a process of its own: memory, CPU, event loop, and which version runs. */
export function processMetrics(prefix: string, version: string): Metrics {
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const build = new Gauge({
    name: `${prefix}_build_info`,
    help: "Which version runs; always 1.",
    labelNames: ["version"],
    registers: [metrics],
  });
  build.set({ version }, 1);
  return metrics;
}
