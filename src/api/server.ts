import { z } from "zod";
import { Checks } from "./checks.ts";
import { count } from "./fields.ts";
import { GitTarget } from "./git-target.ts";
import { KubernetesTarget } from "./kubernetes-target.ts";
import type { Metadata } from "./meta.ts";
import { rules } from "./rule.ts";
import { AgentAddress, DriftPolicy, OnFailure, type TargetStatus, Tls } from "./target.ts";
import { WaitFor } from "./wait-for.ts";
import { Window } from "./window.ts";

const Approval = z
  .object({
    required: count(10, "Distinct people who must approve: 0 by default on Alpha and Public, 1 on Omega.").optional(),
    author: z
      .enum(["Allow", "Deny"])
      .default("Allow")
      .describe("Whether who created the update may approve it. Deny needs Kubernetes 1.36 and fails closed."),
    syncBots: z
      .array(z.string().min(1).max(253))
      .max(20)
      .default([])
      .describe(
        "Service accounts whose approval counts, e.g. system:serviceaccount:flux-system:kustomize-controller; no other does.",
      ),
    mainframes: z
      .object({ required: count(10, "Distinct people who must approve the distribution.").default(0) })
      .prefault({})
      .describe("An approval of its own for the distribution to mainframes; by default that of omega covers it."),
  })
  .describe("Who must approve before anything is delivered here.");

const drivers = "[has(self.agent), has(self.git), has(self.kubernetes)].filter(x, x).size() <= 1";

export const ServerSpec = rules(
  z.object({
    tier: z.enum(["Alpha", "Public", "Omega"]).describe("Development, staging or production."),
    url: z
      .string()
      .max(2048)
      .regex(/^https?:\/\/[^\s/@]+(\/[^\s]*)?$/)
      .describe("Where the server answers, e.g. https://10.4.0.17. http:// is for Alpha and Public only."),
    tls: Tls.optional(),
    agent: AgentAddress.optional(),
    git: GitTarget.optional(),
    kubernetes: KubernetesTarget.optional(),
    waitFor: WaitFor.optional(),
    checks: Checks.prefault({}),
    approval: Approval.prefault({}),
    onFailure: OnFailure.optional().describe(
      "After a written failure: hold it as it is, or restore what ran before. Hold on Alpha and Public, Restore on Omega.",
    ),
    drift: DriftPolicy,
    windows: z
      .array(Window)
      .min(1)
      .max(16)
      .optional()
      .describe(
        "When deliveries may begin here, and on the mainframes of an Omega server; always where this is absent. What began goes on.",
      ),
    soakSeconds: count(
      2_592_000,
      "How long what passed here must stay good before the next tier begins, e.g. 86400 for a day.",
    ).default(0),
    queue: z
      .enum(["Latest", "Ordered"])
      .default("Latest")
      .describe(
        "Latest: an update that waits here for approval is superseded by a newer verified one. Ordered: the newer one waits for it.",
      ),
  }),
  [
    {
      cel: drivers,
      message: "a server has at most one of agent, git, kubernetes",
      holds: (spec) => [spec.agent, spec.git, spec.kubernetes].filter((x) => x !== undefined).length <= 1,
    },
    {
      cel: "self.tier != 'Omega' || self.url.startsWith('https://')",
      message: "an Omega server is reached by https:// only",
      holds: (spec) => spec.tier !== "Omega" || spec.url.startsWith("https://"),
    },
    {
      cel: "self.tier != 'Omega' || !has(self.approval) || !has(self.approval.required) || self.approval.required >= 1",
      message: "an Omega server needs at least one approval: approval.required cannot be 0 there",
      holds: (spec) => spec.tier !== "Omega" || spec.approval.required === undefined || spec.approval.required >= 1,
    },
  ],
  [{ cel: "self.tier == oldSelf.tier", message: "a server keeps its tier: create another Server" }],
).describe("One place updates are delivered to.");
export type ServerSpec = z.output<typeof ServerSpec>;

export interface Server {
  readonly kind: "Server";
  readonly metadata: Metadata;
  readonly spec: ServerSpec;
  readonly status: TargetStatus;
}

/** How many approvals a server asks for where it does not say: production never goes without one. */
export const requiredApprovals = (spec: ServerSpec): number =>
  spec.approval.required ?? (spec.tier === "Omega" ? 1 : 0);
