import type { Evidence } from "../api/record.ts";
import { completes } from "./completion.ts";
import type { Effect, Part } from "./decision.ts";
import { findingsOf, type Findings, verdictOf } from "./evidence.ts";
import { hold } from "./hold.ts";
import { jobCategories, jobName } from "./job.ts";
import type { SeenTarget } from "./observed.ts";
import type { TargetProgress } from "./progress.ts";
import { namesOf } from "./names.ts";
import { MOVED_AT_ONCE, nextRecord, recordTarget, write } from "./record.ts";
import { type Running, running, runsThis, type Situation, targetsIn } from "./situation.ts";
import { pollMsOf, speakerOf } from "./ways.ts";

interface UnderWay {
  readonly seen: SeenTarget;
  readonly at: TargetProgress;
  /** What its Job says; nothing where there is none. */
  readonly ofJob: Findings | undefined;
}

interface Judged {
  readonly seen: SeenTarget;
  readonly at: TargetProgress;
  readonly evidence: readonly Evidence[];
  readonly verdict: ReturnType<typeof verdictOf>;
}

/** Targets whose checks run: started, read, and recorded when all of them are through. */
export function verifying(situation: Situation): Part {
  const { observed, now } = situation;
  const under = targetsIn(situation, "Verifying").map(({ seen, at }): UnderWay => ({
    seen,
    at,
    ofJob: jobFindings(situation, seen, at),
  }));
  if (under.length === 0) return {};

  const unasked = under.filter((one) => one.seen.agent.state === "NotAsked" && isAsked(one));
  if (unasked.length > 0) return { look: { agents: unasked.map(({ seen }) => seen.target.metadata.uid) } };

  const unstarted = under.filter(({ seen, at }) => needsJob(seen) && jobOf(situation, seen, at) === undefined);
  if (unstarted.length > 0)
    return { effects: unstarted.map(({ seen, at }) => ({ do: "startJob", target: seen.target, attempt: at.attempt })) };

  const found = under.map((one) => ({ ...one, findings: allFindings(situation, one) }));
  const judged = found.flatMap(({ seen, at, findings }): Judged[] =>
    findings.state === "Finished"
      ? [{ seen, at, evidence: findings.evidence, verdict: verdictOf(seen.target, findings.evidence) }]
      : [],
  );
  if (judged.length < found.length) {
    const running = found.filter(({ findings }) => findings.state !== "Finished");
    return { wakeAt: now + 2 * Math.min(...running.map(({ seen }) => pollMsOf(seen.target, observed.settings))) };
  }
  return { effects: [outcome(situation, judged)] };
}

/** What one record can hold: an object of the API server ends at 1.5 MiB. */
const EVIDENCE_BYTES = 750_000;
const EVIDENCE_ITEMS = 1000;

/** The first of them whose evidence fits into one record; the others have their turn in the next round. */
function fitting(judged: readonly Judged[]): readonly Judged[] {
  let bytes = 0;
  let items = 0;
  const end = judged.findIndex(({ evidence }) => {
    items += evidence.length;
    for (const { document = "", message } of evidence) bytes += document.length + message.length + 300;
    return bytes > EVIDENCE_BYTES || items > EVIDENCE_ITEMS;
  });
  return judged.slice(0, Math.min(end === -1 ? judged.length : Math.max(1, end), MOVED_AT_ONCE));
}

/** One record per round: first what passed, then what is tried again, then what is held. */
function outcome(situation: Situation, all: readonly Judged[]): Effect {
  const judged = fitting(all);
  const { observed, now, tier } = situation;
  const { attempts } = observed.settings;
  const passed = judged.filter((one) => one.verdict === "Passed");
  const again = judged.filter((one) => one.verdict === "Inconclusive" && one.at.attempt < attempts);
  const failed = judged.filter((one) => one.verdict === "Failed");
  const evidence = (list: readonly Judged[]) => list.flatMap((one) => one.evidence);
  if (passed.length > 0) {
    const targets = passed.map(({ seen, at }) =>
      recordTarget(seen.target, { sequence: at.sequence, attempt: at.attempt }),
    );
    return write(
      nextRecord(observed, now, {
        tier,
        from: "Verifying",
        to: "Passed",
        reason: "Verified",
        message: `${names(passed)} passed every required check`,
        targets,
        evidence: [...evidence(passed)],
        ...(completes(situation, targets) && { completes: true }),
      }),
    );
  }
  if (again.length > 0)
    return write(
      nextRecord(observed, now, {
        tier,
        from: "Verifying",
        to: "Verifying",
        reason: "Inconclusive",
        message: `no proof either way on ${names(again)}: ${firstProblem(evidence(again))}. Trying again`,
        targets: again.map(({ seen, at }) =>
          recordTarget(seen.target, { sequence: at.sequence, attempt: at.attempt + 1 }),
        ),
        evidence: [...evidence(again)],
      }),
    );
  // A written failure may be put back by itself, so it is not in one record with what nobody knows.
  const held = failed.length > 0 ? failed : judged;
  const targets = held.map(({ seen, at }) => recordTarget(seen.target, { sequence: at.sequence, attempt: at.attempt }));
  return hold(situation, "Verifying", targets, {
    reason: failed.length > 0 ? "VerificationFailed" : "VerificationInconclusive",
    message: `${names(held)}: ${firstProblem(evidence(held))}`,
    evidence: evidence(held),
  });
}

/** A mainframe says how it is all the time; of a server one asks what runs there once its checks have passed. */
const isAsked = (one: UnderWay): boolean => one.seen.target.kind === "Mainframe" || hasPassed(one);

const hasPassed = ({ seen: { target }, ofJob }: UnderWay): boolean =>
  ofJob?.state === "Finished" && verdictOf(target, ofJob.evidence) === "Passed";

const needsJob = ({ target }: SeenTarget): boolean => jobCategories(target).length > 0;

const jobOf = ({ observed }: Situation, { target }: SeenTarget, at: TargetProgress) =>
  observed.jobs.find((job) => job.name === jobName(observed.deployment, target, at.attempt));

function jobFindings(situation: Situation, seen: SeenTarget, at: TargetProgress): Findings | undefined {
  const job = jobOf(situation, seen, at);
  if (job === undefined || !needsJob(seen)) return undefined;
  const { now, observed } = situation;
  return findingsOf(seen.target.metadata.name, jobCategories(seen.target), job, now, observed.settings);
}

function allFindings(situation: Situation, one: UnderWay): Findings {
  const { seen, at, ofJob } = one;
  const parts: readonly Findings[] = [
    ...(seen.target.kind === "Mainframe" ? [agentFindings(situation, seen, at)] : []),
    ...(ofJob ? [ofJob] : []),
    ...(seen.target.kind === "Server" && hasPassed(one) ? [placeFindings(situation, seen, at)] : []),
  ];
  const finished = parts.flatMap((part) => (part.state === "Finished" ? [part.evidence] : []));
  return finished.length === parts.length ? { state: "Finished", evidence: finished.flat() } : { state: "Running" };
}

/** A mainframe's health is its agent's report; bad health gets some time to become good, silence too. */
function agentFindings(situation: Situation, { target, agent }: SeenTarget, at: TargetProgress): Findings {
  const over = situation.now >= Date.parse(at.record.time) + situation.observed.settings.healthMs;
  const say = (verdict: Evidence["verdict"], message: string): Findings => ({
    state: "Finished",
    evidence: [{ target: target.metadata.name, category: "Health Check", verdict, message: message.slice(0, 1024) }],
  });
  if (agent.state !== "Answered")
    return over
      ? say("Inconclusive", agent.state === "NotAnswered" ? agent.message : "its agent was not asked")
      : { state: "Running" };
  const { app } = situation.observed.deployment.spec;
  const reported = agent.status.apps.flatMap((item) => (item.app === app ? [item.health] : []));
  // Of several layers the worst speaks for all of them.
  const health = reported.every((one) => one?.ok === true) ? reported[0] : reported.find((one) => one?.ok !== true);
  if (!runsThis(situation, target, agent.status))
    return say("Failed", otherSentence(target, running(target, agent.status, app)));
  if (health?.ok === true) return say("Passed", `its agent reports: ${health.message}`);
  return over ? say("Failed", `its agent reports: ${health?.message ?? "no health"}`) : { state: "Running" };
}

/**
 * Checks look at what a server serves, whatever it is: they prove something about this update only where it is what runs there. What a repository or
 * a cluster says can be half a minute old, so what is not right is given the time of a delivery to become so.
 */
function placeFindings(situation: Situation, { target, agent }: SeenTarget, at: TargetProgress): Findings {
  const over = situation.now >= Date.parse(at.record.time) + situation.observed.settings.deliveryMs;
  const say = (verdict: Evidence["verdict"], message: string): Findings =>
    over
      ? {
          state: "Finished",
          evidence: [
            { target: target.metadata.name, category: "Health Check", verdict, message: message.slice(0, 1024) },
          ],
        }
      : { state: "Running" };
  if (agent.state === "NotAsked") return { state: "Running" };
  if (agent.state === "NotAnswered") return say("Inconclusive", agent.message);
  const runs = running(target, agent.status, situation.observed.deployment.spec.app);
  if (runs === undefined || !runsThis(situation, target, agent.status))
    return say("Failed", otherSentence(target, runs));
  const { changed } = runs;
  return changed.length > 0
    ? say("Failed", `${changed.join("; ")}: it is not as it was delivered`)
    : { state: "Finished", evidence: [] };
}

const otherSentence = (target: SeenTarget["target"], runs: Running | undefined): string =>
  `its ${speakerOf(target)} says that ${runs?.version ?? "nothing"} runs there, which is not this update`;

const firstProblem = (evidence: readonly Evidence[]): string => {
  const bad = evidence.find((item) => item.verdict !== "Passed");
  return bad === undefined ? "a required check is missing" : `${bad.category}: ${bad.message.replace(/\.$/, "")}`;
};

const names = (list: readonly Judged[]): string => namesOf(list.map(({ seen }) => seen.target));
