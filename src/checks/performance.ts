import { notConfigured, unanswered, type Check } from "./check.ts";
import { judgeLoad, type Judged } from "./judge-load.ts";
import { ledger, type Report } from "./ledger.ts";
import { openLoop } from "./load.ts";
import { MIN_SAMPLES } from "./slower.ts";
import { plural } from "./words.ts";

const REQUEST_DEADLINE_MS = 10_000;
/** Not counted: they open connections and wake the server up. */
const WARM_UP_REQUESTS = 20;

/** A slow load is repeated, and only the second one counts: a neighbour that was busy for a moment must not put production back. */
export const confirmed = async (measure: () => Promise<Judged>): Promise<Report> => {
  const once = await measure();
  if (!once.slow) return once.report;
  const { report } = await measure();
  return {
    ...report,
    message: `${report.message.replace(/\.$/, "")} (measured again after a slow load).`,
    measurements: { ...report.measurements, loads: 2 },
  };
};

/** Latency under a constant rate, against a fixed limit, an error share, and the last good run of this target and app. */
export const checkPerformance: Check = async ({ checks, version, baseline }, asker, world) => {
  const { performance } = checks;
  if (performance === undefined) return notConfigured("performance");
  const { path, requestsPerSecond: perSecond, seconds } = performance;
  const count = perSecond * seconds;
  if (count < MIN_SAMPLES)
    return ledger().inconclusive(
      `${plural(count, "request")} prove nothing: raise checks.performance.requestsPerSecond or seconds until they make at least ${MIN_SAMPLES}.`,
    );
  const first = await asker.ask({ path, deadlineMs: REQUEST_DEADLINE_MS });
  if ("trouble" in first) return unanswered(ledger(), `GET ${path} answers`, first.trouble);

  const fire = () => asker.fire(path, REQUEST_DEADLINE_MS);
  await openLoop({ perSecond, count: Math.min(perSecond, WARM_UP_REQUESTS) }, fire, world);
  const measure = async (): Promise<Judged> => {
    const takenAt = world.now().toISOString();
    const samples = await openLoop({ perSecond, count }, fire, world);
    if (world.signal.aborted)
      return { report: ledger().inconclusive("The load was stopped before its end."), slow: false };
    return judgeLoad(samples, takenAt, { performance, version, ...(baseline === undefined ? {} : { baseline }) });
  };
  return confirmed(measure);
};
