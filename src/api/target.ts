import { z } from "zod";
import { Baseline } from "./check-run.ts";
import { DeploymentIdentity } from "./deployment.ts";
import { count, hex64, httpsUrl, label, listMap, objectName, text, time } from "./fields.ts";
import { layerReleases } from "./layer.ts";
import type { MainframeSpec } from "./mainframe.ts";
import { conditions, observedGeneration } from "./meta.ts";
import { rules } from "./rule.ts";
import type { ServerSpec } from "./server.ts";

/** What Servers and Mainframes have in common. */
export const Tls = rules(
  z
    .object({
      sha256: hex64("SHA-256 of the server's certificate (DER, hex): a pin, for a server known by its IP.").optional(),
      caSecretRef: z
        .object({
          name: objectName("A Secret of the same namespace, e.g. ra-ca."),
          key: text(253, "The key that holds the CA in PEM.").default("ca.crt"),
        })
        .optional()
        .describe("The CA that signed the server's certificate."),
    })
    .describe("How the server proves who it is, where a public CA does not vouch for it."),
  [
    {
      cel: "!(has(self.sha256) && has(self.caSecretRef))",
      message: "tls is a pin (sha256) or a CA (caSecretRef), not both",
      holds: (tls) => tls.sha256 === undefined || tls.caSecretRef === undefined,
    },
  ],
);
export type Tls = z.output<typeof Tls>;

export const AgentAddress = z
  .object({
    url: httpsUrl("Where the agent listens, e.g. https://10.4.0.17:7443."),
    tls: Tls.optional().describe("How the agent proves who it is; the target's own tls where this is absent."),
  })
  .describe("The agent that applies updates on the target.");

export const DriftPolicy = z
  .enum(["Flag", "Heal"])
  .default("Flag")
  .describe("What is done where something else runs than was delivered: it is shown, or delivered again.");

/** What is done after a check or the target itself said in writing that an update failed. */
export const OnFailure = z.enum(["Hold", "Restore"]);
export type OnFailure = z.output<typeof OnFailure>;

/** What a target does with a failure where it does not say: evidence stays in staging, production and its holders are put back. */
export const onFailureOf = (target: { readonly spec: ServerSpec | MainframeSpec }): OnFailure =>
  target.spec.onFailure ?? ("tier" in target.spec && target.spec.tier !== "Omega" ? "Hold" : "Restore");

/** One app on one target. `sequence` fences: an agent refuses a lower one. */
export const AppState = z.object({
  app: label("The app."),
  sequence: count(2_000_000_000, "The highest sequence given out for this app on this target."),
  claim: DeploymentIdentity.extend({ version: text(64, "The version it brings.") })
    .optional()
    .describe("The update that has this target for itself now."),
  version: text(64, "The version last verified here.").optional(),
  digest: text(80, "The artifact last verified here; of several layers a hash over all of them.").optional(),
  layers: layerReleases("The layers last verified here, where the app has several."),
  deployment: text(253, "The update that brought it.").optional(),
  since: time("When it passed.").optional(),
  before: z
    .object({
      version: text(64, "The version."),
      digest: text(80, "Its artifact."),
      layers: layerReleases("Its layers, where it had several."),
      deployment: text(253, "The update that brought it.").optional(),
    })
    .optional()
    .describe("What was verified here before that: what a rollback puts back."),
  unsettled: text(
    253,
    "An update that began here and was let go on the way: until one passes nothing is known to be right.",
  ).optional(),
  restoredAt: time("When a failure here was last put back without anybody asking.").optional(),
  baseline: Baseline.optional(),
});
export type AppState = z.output<typeof AppState>;

/** The versions last verified on a target, as its printer column shows them, also while something else is at work there. */
export const runsOf = (apps: readonly AppState[]): string =>
  apps
    .flatMap(({ app, version }) => (version === undefined ? [] : [`${app} ${version}`]))
    .join(", ")
    .slice(0, 128);

export const TargetStatus = z
  .object({
    observedGeneration: observedGeneration(),
    message: text(1024, "One sentence on what this target does now.").optional(),
    agentVersion: text(64, "Version of the agent, where there is one.").optional(),
    runs: text(128, "What was last verified here, e.g. default 9.4.2.").optional(),
    apps: listMap(
      AppState,
      "app",
      100,
      "What was last verified on this target, and what is at work there, by app.",
    ).optional(),
    conditions: conditions(),
  })
  .describe("What the operator knows of this target.");
export type TargetStatus = z.output<typeof TargetStatus>;
