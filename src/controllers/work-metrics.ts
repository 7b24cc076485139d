import { Counter, Gauge, Histogram } from "@prometheus-io/client";
import type { DeploymentStatus } from "../api/deployment.ts";
import { PHASES, type Phase } from "../api/states.ts";
import type { RecordSpec } from "../api/record.ts";
import { overridesUsed, stays, wait, way } from "../core/times.ts";
import type { Log } from "../runtime/log.ts";
import type { Metrics } from "../runtime/metrics.ts";
import type { Raw } from "./kinds.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const PHASE_SECONDS = [1, 5, 15, 30, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, DAY, 7 * DAY];
const PERSON_SECONDS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 8 * HOUR, DAY, 3 * DAY, 7 * DAY];

/** An update that the operator has not looked at yet has no phase. */
const UNSEEN = "Unseen";
const ENDS: readonly Phase[] = ["Completed", "RolledBack", "Cancelled", "Superseded", "Refused"];

/** What a record was written into. */
interface Written {
  readonly record: RecordSpec;
  /** The chain before it. */
  readonly before: readonly RecordSpec[];
  /** What the status of the update said before it. */
  readonly status: DeploymentStatus;
  /** By which driver a target is reached. */
  readonly driverOf: (target: { readonly kind: "Server" | "Mainframe"; readonly name: string }) => string;
}

/** What is counted of the work itself, by the leader. No name of an update, target or person is a label. */
export interface WorkMetrics {
  /** An update came, changed or went. */
  readonly seen: (now: Raw | undefined, before: Raw | undefined) => void;
  /** A record was written by this process. */
  readonly written: (what: () => Written) => void;
  /** The status of an update was written by this process. */
  readonly said: (before: DeploymentStatus, after: DeploymentStatus) => void;
}

export function createWorkMetrics(metrics: Metrics, log: Log): WorkMetrics {
  const registers = [metrics];
  const updates = new Gauge({
    name: "ashat_updates",
    help: `Updates by phase, as their status says; ${UNSEEN} where the operator has not looked at it yet.`,
    labelNames: ["namespace", "phase"],
    registers,
  });
  const ended = new Counter({
    name: "ashat_updates_ended_total",
    help: "Updates that came to an end, by how, since this process leads.",
    labelNames: ["phase"],
    registers,
  });
  const phases = new Histogram({
    name: "ashat_phase_duration_seconds",
    help: "How long targets were in a phase of an update, measured when they leave it, since this process leads.",
    labelNames: ["tier", "phase"],
    buckets: PHASE_SECONDS,
    registers,
  });
  const people = new Histogram({
    name: "ashat_person_wait_seconds",
    help: "How long updates waited for a person, by the gate that was shut, measured when it opens, since this process leads.",
    labelNames: ["tier", "gate"],
    buckets: PERSON_SECONDS,
    registers,
  });
  const verdicts = new Counter({
    name: "ashat_verdicts_total",
    help: "Verdicts of checks that were recorded, since this process leads.",
    labelNames: ["tier", "category", "verdict"],
    registers,
  });
  const deliveries = new Counter({
    name: "ashat_deliveries_total",
    help: "Deliveries and restores that were recorded as over, per target, since this process leads; abandoned: something else was decided meanwhile.",
    labelNames: ["driver", "action", "outcome"],
    registers,
  });
  const overrides = new Counter({
    name: "ashat_overrides_total",
    help: "Gates that a person opened before their time, since this process leads.",
    labelNames: ["tier", "gate"],
    registers,
  });

  const counts = new Map<string, Map<string, number>>();
  const count = (raw: Raw | undefined, by: 1 | -1): void => {
    if (raw === undefined) return;
    const { namespace = "" } = raw.metadata;
    const phase = (raw.status as DeploymentStatus | undefined)?.phase ?? UNSEEN;
    const here = counts.get(namespace) ?? new Map<string, number>([...PHASES, UNSEEN].map((name) => [name, 0]));
    counts.set(namespace, here);
    here.set(phase, (here.get(phase) ?? 0) + by);
    const gone = [...here.values()].every((number) => number === 0);
    if (gone) counts.delete(namespace);
    for (const [name, number] of here)
      if (gone) updates.remove({ namespace, phase: name });
      else updates.set({ namespace, phase: name }, number);
  };

  /** What is counted wrong must cost no update anything. */
  const harmless = (measure: () => void): void => {
    try {
      measure();
    } catch (error) {
      log.error({ err: error }, "Something could not be counted; the metrics are short of it.");
    }
  };

  return {
    seen: (now, before) =>
      harmless(() => {
        count(before, -1);
        count(now, 1);
      }),
    said: ({ phase: before }, { phase }) =>
      harmless(() => {
        if (phase !== undefined && phase !== before && ENDS.includes(phase)) ended.inc({ phase });
      }),
    written: (what) =>
      harmless(() => {
        const { record, before, status, driverOf } = what();
        const { tier = "all", evidence = [], targets = [] } = record;
        for (const { phase, seconds } of stays(record, before)) phases.observe({ tier, phase }, seconds);
        const waited = wait(record, before, status);
        if (waited !== undefined) people.observe({ tier, gate: waited.gate }, waited.seconds);
        for (const { category, verdict } of evidence) verdicts.inc({ tier, category, verdict });
        const over = way(record);
        if (over !== undefined) for (const target of targets) deliveries.inc({ driver: driverOf(target), ...over });
        for (const gate of overridesUsed(record)) overrides.inc({ tier, gate });
      }),
  };
}
