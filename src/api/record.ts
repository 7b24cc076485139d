import { z } from "zod";

import { CATEGORIES, VERDICTS } from "./categories.ts";
import { DeploymentIdentity } from "./deployment.ts";
import { count, hex64, label, objectName, text, time, uid } from "./fields.ts";
import { TIERS } from "./group.ts";
import { hashOf } from "./hash.ts";
import { layerReleases } from "./layer.ts";
import type { Metadata } from "./meta.ts";
import { rules } from "./rule.ts";
import { STATES } from "./states.ts";
import { wellFormed } from "./well-formed.ts";

const RecordTarget = z.object({
  kind: z.enum(["Server", "Mainframe"]).describe("Kind of the target."),
  name: objectName("Name of the target."),
  uid: uid("Its uid."),
  sequence: count(2_000_000_000, "The sequence of the claim this move was made under.").optional(),
  attempt: count(100, "Verification attempt that begins or ended with this move.").optional(),
  message: text(1024, "What was reported of this target.").optional(),
  layers: z
    .array(label("A layer."))
    .max(16)
    .optional()
    .describe("The layers that are delivered with this move, where the update has several; the others are there."),
  runs: z
    .object({
      version: text(64, "The version."),
      digest: text(80, "Its artifact."),
      layers: layerReleases("Its layers, where it has several."),
    })
    .optional()
    .describe("What runs there after a rollback."),
});
export type RecordTarget = z.output<typeof RecordTarget>;

const RecordApproval = z.object({
  user: text(253, "Who approved, as the API server knew them."),
  slot: text(63, "Slot of the annotation; empty for the first.").optional(),
  token: text(64, "The token the approval named."),
  reason: text(512, "The reason given with it.").optional(),
});
export type RecordApproval = z.output<typeof RecordApproval>;

/** What an override can open; nothing else. */
export const TIME_GATES = ["window", "soak"] as const;
export type TimeGate = (typeof TIME_GATES)[number];

const RecordOverride = z.object({
  user: text(253, "Who opened them, as the API server knew them."),
  reason: text(512, "The reason given."),
  gates: z.array(z.enum(TIME_GATES).describe("A gate that was shut.")).min(1).max(2).describe("What was opened."),
});

const Evidence = z.object({
  target: objectName("Name of the target."),
  category: z.enum(CATEGORIES).describe("Which check."),
  verdict: z.enum(VERDICTS).describe("Passed, Failed, Inconclusive or NotConfigured."),
  message: text(1024, "What the check says, in a sentence."),
  document: text(4096, "The document the check wrote, as it wrote it.").optional(),
  sha256: hex64("SHA-256 of that document.").optional(),
});
export type Evidence = z.output<typeof Evidence>;

const RecordSource = z.object({
  kind: z.enum(["Kustomization", "Application"]).describe("Of Flux, or of Argo CD."),
  namespace: objectName("Its namespace."),
  name: objectName("Its name."),
  revision: text(512, "The revision it was applying when this record was written, e.g. main@sha1:4f2a….").optional(),
});
export type RecordSource = z.output<typeof RecordSource>;

const Actor = z.object({
  name: text(253, "Who caused the move; the operator where nobody asked for it."),
  known: z
    .enum(["Admission", "Client", "Operator", "Unknown"])
    .describe("How that is known: stamped by the API server, written by the client and checked, the operator itself."),
  source: RecordSource.optional().describe(
    "What a service account among them applied, and at which revision; which person wrote that is known in Git only.",
  ),
});

export const RecordBody = z.object({
  seq: count(100_000, "Position in the chain, from 0."),
  previous: z
    .string()
    .max(64)
    .regex(/^([0-9a-f]{64})?$/)
    .describe("Hash of the record before; empty for the first."),
  time: time("When the operator wrote it."),
  deployment: DeploymentIdentity.describe("The update this chain belongs to."),
  app: label("The app."),
  version: text(64, "The version."),
  artifacts: z
    .array(z.object({ layer: label("The layer."), digest: text(80, "What is delivered, e.g. sha256:ab….") }))
    .max(64)
    .describe("What is delivered."),
  tier: z.enum(TIERS).optional().describe("The tier; absent where the whole update is meant."),
  completes: z.boolean().optional().describe("True where the tier has passed with this move, for good."),
  targets: z.array(RecordTarget).max(1000).optional().describe("The targets that moved; absent: the whole update."),
  from: z.enum(STATES).optional().describe("State before; absent for the first record."),
  to: z.enum(STATES).describe("State after."),
  reason: z
    .string()
    .max(64)
    .regex(/^[A-Z][A-Za-z0-9]*$/)
    .describe("Why, for machines."),
  message: text(2048, "Why, in a sentence."),
  token: z
    .string()
    .max(64)
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe("The whole token of this move; actions name its first sixteen digits."),
  approvals: z.array(RecordApproval).max(20).optional().describe("The approvals standing at the consistent read."),
  overrides: z
    .array(RecordOverride)
    .max(20)
    .optional()
    .describe("Who opened a gate before its time, and why. It replaces no approval."),
  readAt: text(64, "resourceVersion of the Deployment at that read.").optional(),
  evidence: z.array(Evidence).max(1000).optional().describe("What verification found."),
  actor: Actor.describe("Who caused it and how that is known."),
});
export type RecordBody = z.output<typeof RecordBody>;

export const RecordSpec = rules(
  RecordBody.extend({ hash: hex64("SHA-256 over the canonical JSON (RFC 8785) of everything else in spec.") }),
  [],
  [{ cel: "self == oldSelf", message: "a record never changes" }],
).describe("One entry of the audit chain of an update. Written by the operator only, never changed.");
export type RecordSpec = z.output<typeof RecordSpec>;

export interface DeploymentRecord {
  readonly metadata: Metadata;
  readonly spec: RecordSpec;
}

/** Seals a body: the hash covers every other field, so the chain is `previous` -> `hash` of the one before. */
export function seal(body: RecordBody): RecordSpec {
  const kept = wellFormed(body);
  return { ...kept, hash: hashOf(kept) };
}

/** Creating this name is a compare-and-swap: whoever is second reads what is there. */
export const recordName = (deployment: { readonly name: string; readonly uid: string }, seq: number): string =>
  `${deployment.name}-${deployment.uid.replaceAll("-", "").slice(0, 8)}-${seq}`;

/** Records whose hash was found right: nothing changes them any more, so each is hashed once. */
const proven = new WeakSet<RecordSpec>();

function provesItself(record: RecordSpec): boolean {
  if (proven.has(record)) return true;
  const { hash, ...body } = record;
  if (hashOf(body) !== hash) return false;
  proven.add(record);
  return true;
}

/** All that is wrong with a chain, in sentences; nothing for one that proves itself. Takes records in any order. */
export function verifyChain(records: readonly RecordSpec[]): readonly string[] {
  const chain = [...records].sort((a, b) => a.seq - b.seq);
  return chain.flatMap((record, index) => {
    const before = chain[index - 1];
    const expected = before === undefined ? 0 : before.seq + 1;
    const name = recordName(record.deployment, record.seq);
    return [
      ...(record.seq === expected ? [] : [`${name}: record ${expected} is missing`]),
      ...(provesItself(record) ? [] : [`${name}: its content does not match its hash`]),
      ...(record.previous === (before?.hash ?? "") ? [] : [`${name}: it does not follow the record before it`]),
      ...(record.deployment.uid === chain[0]?.deployment.uid ? [] : [`${name}: it belongs to another update`]),
    ];
  });
}
