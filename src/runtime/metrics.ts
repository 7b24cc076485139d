import { collectDefaultMetrics, Gauge, Registry } from "@prometheus-io/client";

/** Where everything that is counted is registered; one per process, handed to whoever counts. */
export type Metrics = Registry;

/** Gauges that the library names like counters, which linters of metrics refuse; the same by type comes under other names. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** The numbers of a process of its own: memory, CPU, event loop, and which version runs. */
export function processMetrics(prefix: string, version: string): Metrics {
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  for (const name of MISNAMED) metrics.removeSingleMetric(name);
  const build = new Gauge({
    name: `${prefix}_build_info`,
    help: "Which version runs; always 1.",
    labelNames: ["version"],
    registers: [metrics],
  });
  build.set({ version }, 1);
  return metrics;
}
