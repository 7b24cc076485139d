import { OPERATOR_NAMESPACE } from "../../src/api/group.ts";
import { DEFAULTS } from "./values.ts";

/** The operator as kustomize installs it: what the chart's templates give when nothing is said. A test compares the two object by object. */

const NOBODY = 65532;
const PORT = 8081;
const PART_OF = { "app.kubernetes.io/part-of": "ashat" } as const;
const NAMES = { "app.kubernetes.io/name": "ashat", "app.kubernetes.io/component": "operator" } as const;
const LABELS = { ...NAMES, ...PART_OF } as const;
const named = (name: string) => ({ name, namespace: OPERATOR_NAMESPACE, labels: LABELS });

const FLAGS: readonly string[] = [
  "operator",
  "--order-key-secret=ashat-order-key",
  `--health-port=${PORT}`,
  `--log-level=${DEFAULTS.operator.logLevel}`,
  `--delivery-timeout=${DEFAULTS.operator.deliveryTimeoutSeconds}`,
  `--pod-start-timeout=${DEFAULTS.operator.podStartTimeoutSeconds}`,
  `--verification-attempts=${DEFAULTS.operator.verificationAttempts}`,
  `--checkpoint-interval=${DEFAULTS.operator.checkpointIntervalSeconds}`,
];

const probe = (path: string, periodSeconds: number) => ({ httpGet: { path, port: "http" }, periodSeconds });

const spread = (topologyKey: string) => ({
  maxSkew: 1,
  topologyKey,
  whenUnsatisfiable: "ScheduleAnyway",
  labelSelector: { matchLabels: NAMES },
});

const container = (image: string) => ({
  name: "operator",
  image,
  imagePullPolicy: DEFAULTS.image.pullPolicy,
  args: FLAGS,
  ports: [{ name: "http", containerPort: PORT, protocol: "TCP" }],
  // The kinds may be minutes away where others install them; only a process that does not answer is restarted.
  startupProbe: { ...probe("/healthz", 2), failureThreshold: 60 },
  livenessProbe: { ...probe("/healthz", 10), failureThreshold: 3, timeoutSeconds: 5 },
  readinessProbe: { ...probe("/readyz", 5), failureThreshold: 3, timeoutSeconds: 5 },
  resources: DEFAULTS.resources,
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
  volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
});

export const deployment = (image: string, replicas: number): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: named("ashat-operator"),
  spec: {
    replicas,
    revisionHistoryLimit: 3,
    selector: { matchLabels: NAMES },
    template: {
      metadata: { labels: LABELS, annotations: { "kubectl.kubernetes.io/default-container": "operator" } },
      spec: {
        serviceAccountName: "ashat",
        automountServiceAccountToken: true,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 60,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: NOBODY,
          runAsGroup: NOBODY,
          fsGroup: NOBODY,
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [container(image)],
        topologySpreadConstraints: [spread("kubernetes.io/hostname"), spread("topology.kubernetes.io/zone")],
        volumes: [{ name: "tmp", emptyDir: { sizeLimit: "2Gi" } }],
      },
    },
  },
});

const NOTIFY = { name: "notify-secret", at: "/etc/ashat/notify-secret" } as const;
const POD = "/spec/template/spec";

/** What notifications add to it, whatever else a user's own patches have added. */
export const notifications: readonly object[] = [
  { op: "add", path: `${POD}/containers/0/args/-`, value: `--notify-url-file=${NOTIFY.at}/url` },
  { op: "add", path: `${POD}/containers/0/args/-`, value: `--notify-secret=${NOTIFY.at}/secret` },
  {
    op: "add",
    path: `${POD}/containers/0/volumeMounts/-`,
    value: { name: NOTIFY.name, mountPath: NOTIFY.at, readOnly: true },
  },
  { op: "add", path: `${POD}/volumes/-`, value: { name: NOTIFY.name, secret: { secretName: "ashat-notify" } } },
];

export const service: object = {
  apiVersion: "v1",
  kind: "Service",
  metadata: named("ashat-metrics"),
  spec: {
    type: "ClusterIP",
    selector: NAMES,
    ports: [{ name: "http", port: PORT, targetPort: "http", protocol: "TCP" }],
  },
};

export const podDisruptionBudget: object = {
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: named("ashat-operator"),
  spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow", selector: { matchLabels: NAMES } },
};

/** Where clouds hand out the credentials of a node. */
const CLOUDS = {
  v4: ["169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32"],
  v6: ["fe80::/10", "fd00:ec2::/32", "fd20:ce::254/128", "fd00:42::42/128"],
} as const;

/**
 * Targets are anywhere, so TCP goes out to everywhere but to clouds' credentials. Some networks do not count nodes, and so the API server, among
 * addresses, and a node's own cache of DNS has a link-local one: no address can be left out on their ports, where the operator's own judgement remains.
 */
export const networkPolicy: object = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: named("ashat-operator"),
  spec: {
    podSelector: { matchLabels: NAMES },
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ ports: [{ port: PORT, protocol: "TCP" }] }],
    egress: [
      {
        ports: [
          { port: 53, protocol: "UDP" },
          { port: 53, protocol: "TCP" },
        ],
      },
      {
        ports: [
          { port: 443, protocol: "TCP" },
          { port: 6443, protocol: "TCP" },
        ],
      },
      {
        to: [
          { namespaceSelector: {} },
          { ipBlock: { cidr: "0.0.0.0/0", except: CLOUDS.v4 } },
          { ipBlock: { cidr: "::/0", except: CLOUDS.v6 } },
        ],
        ports: [{ port: 1, endPort: 65535, protocol: "TCP" }],
      },
    ],
  },
};

export const serviceMonitor: object = {
  apiVersion: "monitoring.coreos.com/v1",
  kind: "ServiceMonitor",
  metadata: named("ashat-operator"),
  spec: {
    selector: { matchLabels: NAMES },
    // `namespace` is that of an update; without this Prometheus would call it `exported_namespace`, after the operator's own.
    endpoints: [{ port: "http", path: "/metrics", interval: DEFAULTS.serviceMonitor.interval, honorLabels: true }],
  },
};
