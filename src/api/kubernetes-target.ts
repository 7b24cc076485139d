import { z } from "zod";
import { label, objectName, text } from "./fields.ts";
import { rules } from "./rule.ts";

/** A name or an address, in brackets where it is one of IPv6. */
const HOST = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?$/;

const ArtifactSecretRef = z
  .object({
    name: objectName("A Secret of the same namespace."),
    hosts: z
      .array(text(261, "Host, with its port where that is not the usual one, e.g. git.example:8443.").regex(HOST))
      .min(1)
      .max(16)
      .optional()
      .describe(
        "Only artifacts of these hosts are fetched with the Secret, because authors of updates write their URLs. Needed for a password or token; a key for ssh goes where known_hosts says.",
      ),
  })
  .describe(
    "The Secret with which private artifacts are fetched: `username` and `password`, or `token`, for https; `identity` and `known_hosts` for ssh; `ca.crt` of the server.",
  );

export const KubernetesTarget = rules(
  z
    .object({
      secretRef: z
        .object({ name: objectName("A Secret of the same namespace.") })
        .optional()
        .describe(
          "Another cluster: `server`, `ca.crt`, `token`, or a `kubeconfig` without exec plugins. This cluster where absent.",
        ),
      artifactSecretRef: ArtifactSecretRef.optional(),
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
