import type { Category } from "../api/categories.ts";
import { parseCheckDocument } from "../api/check-run.ts";
import { requiredCategories } from "../api/checks.ts";
import { sha256 } from "../api/hash.ts";
import type { Mainframe } from "../api/mainframe.ts";
import type { Evidence } from "../api/record.ts";
import type { Server } from "../api/server.ts";
import type { SeenJob, SeenPod, Settings } from "./observed.ts";

/** What a verification of one target found so far. */
export type Findings =
  { readonly state: "Running" } | { readonly state: "Finished"; readonly evidence: readonly Evidence[] };

/** Reasons for which a container will not start by itself. */
const CANNOT_START = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "ErrImageNeverPull",
  "InvalidImageName",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);

/** Reads the Job of one attempt. Only a written document is proof; everything else is Inconclusive, with its reason. */
export function findingsOf(
  target: string,
  categories: readonly Category[],
  job: SeenJob,
  now: number,
  { startMs }: Pick<Settings, "startMs">,
): Findings {
  if (job.foreign)
    return {
      state: "Finished",
      evidence: categories.map((category) => ({
        target,
        category,
        verdict: "Inconclusive",
        message: `a Job ${job.name} is there that this operator did not make, so nothing it says counts: who administers the namespace finds out who did`,
      })),
    };
  const documents = categories.map((category, index) =>
    documentOf(
      target,
      category,
      job.pods.filter((pod) => pod.index === index),
    ),
  );
  const over = job.finished !== undefined || job.deleting;
  const stuck = job.pods.filter((pod) => isStuck(pod, now, startMs));
  if (documents.includes(undefined) && !over && stuck.length === 0) return { state: "Running" };
  return {
    state: "Finished",
    evidence: documents.map(
      (document, index) =>
        document ?? {
          target,
          category: categories[index] ?? "Health Check",
          verdict: "Inconclusive",
          message: whyNoDocument(
            job,
            job.pods.filter((pod) => pod.index === index),
            stuck,
          ),
        },
    ),
  };
}

function documentOf(target: string, category: Category, pods: readonly SeenPod[]): Evidence | undefined {
  for (const pod of pods) {
    const text = pod.terminated?.exitCode === 0 ? pod.terminated.message : undefined;
    const document = text === undefined ? undefined : parseCheckDocument(text);
    if (text === undefined || document?.category !== category) continue;
    return {
      target,
      category,
      verdict: document.verdict,
      message: document.message,
      document: text,
      sha256: sha256(text),
    };
  }
  return undefined;
}

const isStuck = (pod: SeenPod, now: number, startMs: number): boolean =>
  pod.waiting !== undefined && CANNOT_START.has(pod.waiting) && now - Date.parse(pod.createdAt) >= startMs;

function whyNoDocument(job: SeenJob, pods: readonly SeenPod[], stuck: readonly SeenPod[]): string {
  const pod = pods.at(-1);
  if (job.deleting) return `Job ${job.name} was deleted before it could finish`;
  if (pod?.waiting !== undefined && stuck.includes(pod)) return `its pod could not start: ${pod.waiting}`;
  if (pod?.reason !== undefined) return `its pod ended as ${pod.reason}`;
  if (pod?.terminated !== undefined)
    return `its pod ended with code ${pod.terminated.exitCode} (${pod.terminated.reason || "no reason"}) and wrote no document`;
  // FailedIndexes only repeats that a pod did not end well; which is told above where the pod is still there.
  if (job.finished === "Failed" && job.reason !== undefined && job.reason !== "FailedIndexes")
    return `Job ${job.name} failed: ${job.reason}`;
  return "its pod is gone, and no document of it was seen";
}

/** The verdict on a target: passed only when every required check passed, failed only when a document says so. */
export function verdictOf(
  target: Server | Mainframe,
  evidence: readonly Evidence[],
): "Passed" | "Failed" | "Inconclusive" {
  const required =
    target.kind === "Mainframe" && target.spec.url === undefined
      ? (["Health Check"] as const)
      : requiredCategories(target.spec.checks);
  const counted = evidence.filter((item) => required.includes(item.category));
  if (counted.some((item) => item.verdict === "Failed")) return "Failed";
  const all = required.every((category) => counted.some((item) => item.category === category));
  return all && counted.every((item) => item.verdict === "Passed") ? "Passed" : "Inconclusive";
}

/** The required categories that nothing configures; with one of them no verification could ever pass. */
export const notConfigured = (target: Server | Mainframe, configured: readonly Category[]): readonly Category[] =>
  target.kind === "Mainframe" && target.spec.url === undefined
    ? (target.spec.checks.required ?? []).filter((category) => category !== "Health Check")
    : requiredCategories(target.spec.checks).filter((category) => !configured.includes(category));

/** `5/6`: how many of the checks that ran passed. */
export const readinessOf = (evidence: readonly Evidence[]): string =>
  `${evidence.filter((item) => item.verdict === "Passed").length}/${evidence.length}`;
