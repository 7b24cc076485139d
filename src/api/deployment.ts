import { z } from "zod";
import { Artifact } from "./artifact.ts";
import { count, hex64, ignored, label, listMap, objectName, text, time, uid } from "./fields.ts";
import { TIERS } from "./group.ts";
import { conditions, type Metadata, observedGeneration } from "./meta.ts";
import { Layers } from "./layer.ts";
import { rules } from "./rule.ts";
import { PHASES, STATES } from "./states.ts";
import { versionField } from "./version-field.ts";

/** Not what kustomize adds: a label that changes for everything would be refused at every update that is there. */
const UNCHANGED = [
  ...["app", "description", "version", "allowOlder"].map((field) => `self.${field} == oldSelf.${field}`),
  ...["artifact", "layers"].map(
    (field) =>
      `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`,
  ),
].join(" && ");

export const DeploymentSpec = rules(
  z.object({
    app: label("What is updated; order, claims and baselines are per target and app.").default("default"),
    description: text(1024, "What the update brings, for the people who approve it, e.g. Critical security fixes."),
    version: versionField("SemVer of the update; a leading v is ignored, e.g. 9.4.2."),
    artifact: Artifact.optional(),
    layers: Layers.optional(),
    allowOlder: z
      .boolean()
      .default(false)
      .describe("Lets this update replace a newer version; without it an older one is Superseded."),
    selector: ignored("Not used: kustomize adds it to every kind named Deployment.").optional(),
    template: ignored("Not used: kustomize adds it to every kind named Deployment.").optional(),
    replicas: z.int32().optional().describe("Refused: kustomize's replicas means the Deployment of apps."),
  }),
  [
    {
      cel: "!has(self.replicas)",
      message: "an update has no replicas: kustomize's `replicas` meant deployments.apps, take this name out of it",
      holds: (spec) => spec.replicas === undefined,
    },
    {
      cel: "has(self.artifact) != has(self.layers)",
      message:
        "an update brings one artifact, or several layers with an artifact each: exactly one of artifact, layers",
      holds: (spec) => (spec.artifact === undefined) !== (spec.layers === undefined),
    },
  ],
  [{ cel: UNCHANGED, message: "an update never changes: create a new one with a new name" }],
).describe("One update: what is delivered, and in which version.");
export type DeploymentSpec = z.output<typeof DeploymentSpec>;

const BlockedBy = z.object({
  gate: label("Which condition is not met, e.g. approvals."),
  message: text(1024, "What is missing, in one sentence."),
  who: text(512, "Who can open it."),
  command: text(2048, "The exact command that opens it, where a command does.").optional(),
  token: text(64, "The token that command carries.").optional(),
  needed: count(100, "How many more are needed.").optional(),
  since: time("Since when this gate is shut."),
  clearsAt: time("When it opens by itself, where it does.").optional(),
});
export type BlockedBy = z.output<typeof BlockedBy>;

const TargetState = z.object({
  name: objectName("Name of the Server or Mainframe."),
  state: z.enum(STATES).describe("Where this target is."),
  attempt: count(100, "Verification attempt, from 1.").optional(),
  checks: text(8, "Checks passed of those configured, e.g. 6/6.").optional(),
});

const TierState = z.object({
  name: z.enum(TIERS).describe("The tier."),
  state: z.enum(STATES).describe("Where this tier is: the fold of its targets."),
  token: z
    .string()
    .length(16)
    .regex(/^[0-9a-f]{16}$/)
    .optional()
    .describe("The token this tier began with: what a rollback of it names."),
  passed: count(1_000_000, "Targets that have passed."),
  total: count(1_000_000, "Targets that take part."),
  targets: listMap(TargetState, "name", 20, "The first twenty targets of this tier."),
});
export type TierState = z.output<typeof TierState>;

const Token = z.object({
  value: z
    .string()
    .length(16)
    .regex(/^[0-9a-f]{16}$/)
    .describe("The token an action on the current tier names."),
  parts: z
    .object({
      record: hex64("Hash of the record that lets this tier begin."),
      targets: hex64("Digest of the targets and their rules."),
      quarantine: hex64("Digest of the record that quarantines this artifact, where there is one."),
      policies: hex64("Digest of the admission policies in force."),
    })
    .describe("What the token is made of, so that a change of it can be named."),
});
export type Token = z.output<typeof Token>;

const VoidedToken = z.object({
  token: text(16, "A token that was valid before."),
  by: text(64, "What changed: record, targets, quarantine or policies."),
});
export type VoidedToken = z.output<typeof VoidedToken>;

export const DeploymentStatus = z
  .object({
    observedGeneration: observedGeneration(),
    phase: z.enum(PHASES).optional().describe("For people: the state of the current tier, or how the update ended."),
    tier: z.enum(TIERS).optional().describe("The tier the update is at."),
    message: text(2048, "What happens, what blocks, who can unblock it, with the exact command.").optional(),
    readiness: text(8, "Checks passed of those configured at the last verification, e.g. 6/6.").optional(),
    approval: text(8, "Approvals that count of those required at this tier, e.g. 1/2.").optional(),
    mainframes: text(16, "Mainframes that passed of those that take part, e.g. 7/9.").optional(),
    token: Token.optional().describe("What an action on the current tier must name."),
    voided: z.array(VoidedToken).max(5).optional().describe("Earlier tokens of this tier and what voided them."),
    blockedBy: listMap(BlockedBy, "gate", 16, "The gates that are shut, one entry each.").optional(),
    tiers: listMap(TierState, "name", 4, "Every tier the update goes through.").optional(),
    records: z
      .object({ count: count(100_000, "Records of this update."), head: hex64("Hash of the newest one.") })
      .optional()
      .describe("The audit chain: `kubectl get adr` lists it, `deploy history --verify` proves it."),
    conditions: conditions(),
  })
  .describe("A projection of the records, for people and machines. No history.");
export type DeploymentStatus = z.output<typeof DeploymentStatus>;

export interface Deployment {
  readonly metadata: Metadata;
  readonly spec: DeploymentSpec;
  readonly status: DeploymentStatus;
}

/** Who claims a target, and which update a target runs, name a Deployment so. */
export const DeploymentIdentity = z.object({
  name: objectName("Name of the Deployment."),
  uid: uid("Its uid: a Deployment created again under the same name is another one."),
});
