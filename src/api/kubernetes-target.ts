import { z } from "zod";
import { label, objectName, text } from "./fields.ts";
import { rules } from "./rule.ts";

export const KubernetesTarget = rules(
  z
    .object({
      secretRef: z
        .object({ name: objectName("A Secret of the same namespace.") })
        .optional()
        .describe(
          "Another cluster: `server`, `ca.crt`, `token`, or a `kubeconfig` without exec plugins. This cluster where absent.",
        ),
      serviceAccountName: objectName(
        "The service account in whose name manifests are applied; it has the rights, not the operator. In another cluster, where it is absent, whoever the token is.",
      ).optional(),
      namespace: label(
        "Where objects go that name no namespace, and where deliveries are written down; that of the Server where absent.",
      ).optional(),
      path: text(512, "Folder in the artifact whose manifests are applied; {app} and {layer} are replaced.").default(
        ".",
      ),
      healthySeconds: z
        .int32()
        .min(0)
        .max(86_400)
        .default(10)
        .describe("How long everything must be healthy without a break."),
      timeoutSeconds: z.int32().min(10).max(86_400).default(600).describe("How long that may take."),
    })
    .describe("Delivery by server-side apply of the manifests in the artifact."),
  [
    {
      cel: "has(self.secretRef) || has(self.serviceAccountName)",
      message: "in this cluster manifests are applied in the name of a service account: name it by serviceAccountName",
      holds: ({ secretRef, serviceAccountName }) => secretRef !== undefined || serviceAccountName !== undefined,
    },
  ],
);
export type KubernetesTarget = z.output<typeof KubernetesTarget>;
