import { stringify } from "yaml";
import manifest from "../../package.json" with { type: "json" };
import { crd, KINDS } from "../../src/api/crds.ts";
import { POLICIES } from "../../src/api/policies.ts";
import { deployment, networkPolicy, notifications, podDisruptionBudget, service, serviceMonitor } from "./operator.ts";
import { DEFAULTS } from "./values.ts";

/** Objects as a file of several documents. */
export type Documents = (comment: string, objects: readonly unknown[]) => string;

const IMAGE = `${DEFAULTS.image.repository}:${manifest.version}`;

const component = (comment: string, content: object): string =>
  `# ${comment}\n${stringify({ apiVersion: "kustomize.config.k8s.io/v1alpha1", kind: "Component", ...content })}`;

/** What takes the stamps out: everything else is the same where the API server cannot stamp. */
const withoutStamps = POLICIES.filter(({ kind }) => kind.startsWith("Mutating")).map(
  ({ apiVersion, kind, metadata }) => ({
    patch: stringify({ $patch: "delete", apiVersion, kind, metadata: { name: metadata.name } }),
  }),
);

/** The base and its components, by path under `manifests/`. */
export const kustomization = (documents: Documents): Readonly<Record<string, string>> => ({
  "crds.yaml": documents(
    "The kinds: those of crds/, in one file.",
    KINDS.map((words) => crd(words)),
  ),
  "operator.yaml": documents("The operator.", [deployment(IMAGE, DEFAULTS.replicas), service, podDisruptionBudget]),
  "kustomization.yaml":
    "# The base: kubectl apply --server-side -k manifests. An overlay changes it; its namespace it keeps, because the policies name it.\n" +
    stringify({
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      resources: ["namespace.yaml", "crds.yaml", "policies.yaml", "rbac.yaml", "operator.yaml"],
    }),
  "components/network-policy/kustomization.yaml": component("The operator's traffic, limited.", {
    resources: ["network-policy.yaml"],
  }),
  "components/network-policy/network-policy.yaml": stringify(networkPolicy),
  "components/service-monitor/kustomization.yaml": component("Metrics, where the Prometheus operator is installed.", {
    resources: ["service-monitor.yaml"],
  }),
  "components/service-monitor/service-monitor.yaml": stringify(serviceMonitor),
  "components/notifications/kustomization.yaml": component(
    "Tells the receiver whose address is `url` of the Secret ashat-notify, signed with its `secret`.",
    { patches: [{ target: { kind: "Deployment", name: "ashat-operator" }, patch: stringify(notifications) }] },
  ),
  "components/before-1.36/kustomization.yaml": component(
    "Kubernetes before 1.36, whose API server cannot stamp who acted: the client does, and it is checked.",
    { patches: withoutStamps },
  ),
  "components/single-replica/kustomization.yaml": component(
    "One operator only: less memory, a minute of pause when its node goes.",
    {
      patches: [
        {
          patch: stringify({
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { name: "ashat-operator", namespace: "ashat-system" },
            spec: { replicas: 1 },
          }),
        },
      ],
    },
  ),
});
