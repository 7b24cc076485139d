import { z } from "zod";
import { CATEGORIES } from "./categories.ts";
import { Checks } from "./checks.ts";

/** What the operator gives to the runner inside the verification Job, and what the runner writes back. */

/** Names of the runner's environment; `JOB_COMPLETION_INDEX` is set by the Job controller itself. */
export const CHECK_ENV = {
  input: "ASHAT_CHECK_INPUT",
  databaseUrl: "ASHAT_DATABASE_URL",
  terminationLog: "ASHAT_TERMINATION_LOG",
  index: "JOB_COMPLETION_INDEX",
} as const;

/** The kubelet cuts a termination message here, so the runner cuts first and keeps it valid JSON. */
export const MAX_DOCUMENT_BYTES = 4096;
export const MAX_SAMPLES = 300;
/** A check ends by itself within this, and says so; a pod's deadline should leave it some seconds more. */
export const MAX_CHECK_SECONDS = 180;

export const Baseline = z
  .object({
    version: z.string().min(1).max(128).describe('Version that ran when the samples were taken, for example "9.4.1".'),
    takenAt: z.string().max(40).describe('When they were taken, for example "2026-11-20T10:00:00.000Z".'),
    samplesMicros: z
      .array(z.int32().min(0).meta({ format: "int32" }))
      .min(1)
      .max(MAX_SAMPLES)
      .describe("Latencies in microseconds, ascending: evenly spaced quantiles of the run, for example [1800, 2100]."),
  })
  .describe("The last good run of the Performance Baseline, with which the next one is compared.");
export type Baseline = Readonly<z.infer<typeof Baseline>>;

/** A certificate fingerprint: SHA-256 of the leaf's DER in hex, colons allowed. */
export const Fingerprint = z
  .string()
  .max(95)
  .regex(/^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/);

export const CheckInput = z.object({
  target: z.object({ namespace: z.string().min(1).max(63), name: z.string().min(1).max(253) }),
  url: z.url({ protocol: /^https?$/ }).max(2048),
  /** Special addresses that may be asked nevertheless, and the places that may not: the API server's. */
  addresses: z
    .object({
      allow: z.array(z.string().max(64)).max(64),
      guarded: z.array(z.object({ address: z.string().max(64), port: z.int32().min(1).max(65_535) })).max(64),
    })
    .prefault({ allow: [], guarded: [] }),
  tls: z.object({ sha256: Fingerprint.optional(), caPem: z.string().max(65_536).optional() }).optional(),
  app: z.string().min(1).max(63),
  version: z.string().min(1).max(128),
  digest: z.string().max(128),
  /** Names of the modules in the manifest of the delivered archive, when they are known. */
  modules: z.array(z.string().min(1).max(128)).max(256).optional(),
  /** Modules that report another version than the update: of layers that did not change, and of other apps there. */
  moduleVersions: z.record(z.string().max(128), z.string().max(64)).optional(),
  checks: Checks,
  /** The index of the Job's pod picks from this list. */
  categories: z.array(z.enum(CATEGORIES)).min(1).max(CATEGORIES.length),
  baseline: Baseline.optional(),
});
export type CheckInput = Readonly<z.infer<typeof CheckInput>>;

export const CheckDocument = z
  .object({
    category: z.enum(CATEGORIES),
    verdict: z.enum(["Passed", "Failed", "Inconclusive"]),
    message: z.string().min(1).max(1024),
    asserted: z.array(z.string().min(1).max(256)).max(64),
    measurements: z.record(z.string().max(64), z.union([z.number(), z.string().max(256)])),
    /** Only of the Performance Baseline: the samples of this run, to be the baseline of the next. */
    baseline: Baseline.optional(),
    startedAt: z.string().max(40),
    durationMs: z.int32().min(0),
  })
  .refine(
    (document) => document.verdict === "Inconclusive" || document.asserted.length > 0,
    "a verdict needs at least one assertion",
  );
export type CheckDocument = Readonly<z.infer<typeof CheckDocument>>;

/** Reads a termination message; `undefined` where it is no document, which never counts as a verdict. */
export const parseCheckDocument = (text: string): CheckDocument | undefined => {
  if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) return undefined;
  try {
    return CheckDocument.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};
