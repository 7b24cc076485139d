import { KINDS } from "../../src/api/crds.ts";
import { GROUP, VERSION } from "../../src/api/group.ts";
import { DEFAULTS } from "./values.ts";

interface About {
  readonly version: string;
  readonly description: string;
  /** One object of each kind that people write. */
  readonly examples: readonly unknown[];
  readonly yaml: (value: unknown) => string;
}

/** Chart.yaml with the words that Artifact Hub reads: kinds, licence, image. */
export const chartYaml = ({ version, description, examples, yaml }: About): object => ({
  apiVersion: "v2",
  name: "ashat",
  description,
  type: "application",
  version,
  appVersion: version,
  // ValidatingAdmissionPolicy v1 begins there; without it nothing proves who approved.
  kubeVersion: ">=1.30.0-0",
  keywords: ["promotion", "approval", "gitops", "rollback", "audit", "operator"],
  maintainers: [{ name: "ASHAT" }],
  annotations: {
    "artifacthub.io/license": "Apache-2.0",
    "artifacthub.io/category": "integration-delivery",
    "artifacthub.io/operator": "true",
    "artifacthub.io/operatorCapabilities": "Full Lifecycle",
    "artifacthub.io/crds": yaml(
      KINDS.map(({ kind, plural, description: text }) => ({
        kind,
        version: VERSION,
        name: `${plural}.${GROUP}`,
        displayName: kind,
        description: text,
      })),
    ),
    "artifacthub.io/crdsExamples": yaml(examples),
    "artifacthub.io/images": yaml([{ name: "ashat", image: `${DEFAULTS.image.repository}:${version}` }]),
    "artifacthub.io/changes": yaml([{ kind: "added", description: "Installation by Helm and by kustomize" }]),
  },
});
