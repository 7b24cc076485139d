import { Counter } from "@prometheus-io/client";
import { ApiError } from "../kube/errors.ts";
import type { Metrics } from "./metrics.ts";

const reasonOf = (error: Error): string => {
  if (!(error instanceof ApiError)) return error.name === "StaleVersion" ? "stale" : "broken";
  if (error.status !== 0) return String(error.status);
  return error.reason === "Timeout" ? "timeout" : "unreachable";
};

/** Counts what interrupts watches: by kind, and why. */
export function watchMetrics(metrics: Metrics, prefix: string): (kind: string, error: Error) => void {
  const restarts = new Counter({
    name: `${prefix}_watch_restarts_total`,
    help: "Watches that were interrupted and began again, by reason: unreachable, timeout, broken, stale, or the status that the API server answered.",
    labelNames: ["kind", "reason"],
    registers: [metrics],
  });
  return (kind, error) => restarts.inc({ kind, reason: reasonOf(error) });
}
