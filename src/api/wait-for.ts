import { z } from "zod";
import { label, objectName, text } from "./fields.ts";
import { rules } from "./rule.ts";

const secretRef = z
  .object({ name: objectName("A Secret of the same namespace.") })
  .optional()
  .describe(
    "Another cluster: `server`, `ca.crt`, `token`, or a `kubeconfig` without exec plugins. This cluster where absent.",
  );
const fluxObject = (what: string) =>
  z
    .object({
      name: text(253, `Name of the ${what}; {app} and {layer} are replaced.`),
      namespace: label("Its namespace; that of the Server where absent.").optional(),
      secretRef,
    })
    .optional()
    .describe(`A ${what} of Flux.`);

export const WaitFor = rules(
  z
    .object({
      kustomization: fluxObject("Kustomization"),
      helmRelease: fluxObject("HelmRelease"),
      argocd: z
        .object({
          application: text(253, "The Application; {app} and {layer} are replaced."),
          namespace: label("Its namespace.").default("argocd"),
          secretRef,
        })
        .optional()
        .describe("An Application of Argo CD."),
      healthySeconds: z.int32().min(0).max(86_400).default(10).describe("How long it must be healthy without a break."),
      timeoutSeconds: z.int32().min(10).max(86_400).default(600).describe("How long that may take."),
    })
    .describe("What has to be healthy at exactly the revision that was delivered before anything is verified."),
  [
    {
      cel: "[has(self.kustomization), has(self.helmRelease), has(self.argocd)].filter(x, x).size() == 1",
      message: "waitFor is exactly one of kustomization, helmRelease, argocd",
      holds: (wait) => [wait.kustomization, wait.helmRelease, wait.argocd].filter((x) => x !== undefined).length === 1,
    },
  ],
);
export type WaitFor = z.output<typeof WaitFor>;
