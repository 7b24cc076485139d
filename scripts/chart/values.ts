import { z } from "zod";
import { SETTINGS } from "../../src/core/observed.ts";

/** What whoever installs ASHAT may say; the schema, the commented values.yaml and the table of the chart's README come from it. */

const any = z.looseObject({});
const texts = z.record(z.string(), z.string());
const count = z.int().min(1);

const Image = z.strictObject({
  repository: z.string().min(1).default("ashat").describe("Where the image is; checks run in it, too."),
  tag: z.string().default("").describe("Its tag; the version of the chart where empty."),
  digest: z
    .union([z.literal(""), z.string().regex(/^sha256:[0-9a-f]{64}$/)])
    .default("")
    .describe("Its digest (sha256:...); said, it is what counts, and the tag does not."),
  pullPolicy: z
    .enum(["IfNotPresent", "Always", "Never"])
    .default("IfNotPresent")
    .describe("When the node pulls it for the operator; the pods of checks pull it where it is not there."),
});

const Crds = z.strictObject({
  enabled: z.boolean().default(true).describe("Whether this release brings the kinds."),
  keep: z
    .boolean()
    .default(true)
    .describe("Whether `helm uninstall` leaves the kinds, and with them every update, server and record."),
});

const Policies = z.strictObject({
  stamps: z
    .enum(["Auto", "ApiServer", "Client"])
    .default("Auto")
    .describe(
      "Who writes the stamp of who acted: the API server (Kubernetes 1.36 and later) or, checked by it, the client. Auto asks the cluster.",
    ),
});

const OrderKey = z.strictObject({
  existingSecret: z
    .string()
    .max(253)
    .default("")
    .describe(
      "Secret whose `signing-key.json` orders are signed with (`ashat licence keygen`). Empty: the first operator makes one, ashat-order-key, and nothing ever changes it.",
    ),
});

const PublicKey = z.strictObject({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  kid: z.string().max(128).optional(),
  alg: z.string().optional(),
  use: z.string().optional(),
});

const Licences = z.strictObject({
  keys: z
    .array(PublicKey)
    .max(64)
    .default([])
    .describe(
      "Public keys of those who may issue licences: `keys` of the jwks.json that `ashat licence keygen` wrote. None: no licence is valid.",
    ),
  existingConfigMap: z
    .string()
    .max(253)
    .default("")
    .describe("ConfigMap in ashat-system whose `jwks.json` holds them instead."),
});

const Operator = z.strictObject({
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info").describe("How much the operator logs."),
  allowAddresses: z
    .array(z.string().regex(/^[0-9a-fA-F:.]+\/\d{1,3}$/))
    .default([])
    .describe("Special addresses that targets may have all the same, such as 127.0.0.0/8."),
  deliveryTimeoutSeconds: count
    .default(SETTINGS.deliveryMs / 1000)
    .describe("How long a target may take to apply an update."),
  podStartTimeoutSeconds: count
    .default(SETTINGS.startMs / 1000)
    .describe("How long the pod of a check may fail to start."),
  verificationAttempts: count
    .default(SETTINGS.attempts)
    .describe("Verifications without proof before a person is asked."),
  checkpointIntervalSeconds: count
    .default(300)
    .describe("How often the log says, signed, how far the records have come."),
  extraArgs: z
    .array(z.string().startsWith("--"))
    .default([])
    .describe("More flags: `ashat operator --help` lists them."),
  env: z
    .array(z.strictObject({ name: z.string().min(1), value: z.string().optional(), valueFrom: any.optional() }))
    .default([])
    .describe("More environment of the operator, such as NODE_EXTRA_CA_CERTS."),
});

const Notifications = z.strictObject({
  existingSecret: z
    .string()
    .max(253)
    .default("")
    .describe(
      "Secret in ashat-system whose `secret` signs the CloudEvents that say where an approval is missing, what is held, how updates end (whsec_ and base64, Standard Webhooks). Nobody is told where it is empty.",
    ),
  url: z
    .string()
    .regex(/^$|^https?:/)
    .default("")
    .describe(
      "Who is told. Where it is a secret itself, leave it empty: it is the `url` of that Secret then, which is mounted as a file.",
    ),
  caConfigMap: z
    .string()
    .max(253)
    .default("")
    .describe("ConfigMap in ashat-system whose `ca.crt` vouches for the receiver, where it is none of the system's."),
  source: z
    .string()
    .default("")
    .describe("What the events name as their source, where several clusters tell one receiver."),
});

const Resources = z.strictObject({
  requests: texts.default({ cpu: "50m", memory: "128Mi" }).describe("What the scheduler sets aside."),
  limits: texts.default({ memory: "512Mi" }).describe("What it may take at most."),
});

const Toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(["Exists", "Equal", "Lt", "Gt"]).optional(),
  value: z.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
  tolerationSeconds: z.int().optional(),
});

const Monitor = z.strictObject({
  enabled: z.boolean().default(false).describe("A ServiceMonitor, where the Prometheus operator is installed."),
  interval: z.string().default("30s").describe("How often Prometheus asks."),
  labels: texts.default({}).describe("Labels by which your Prometheus finds it."),
});

const NetworkPolicy = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe(
      "Whether the operator's traffic is limited: in to probes and metrics, out by TCP and DNS. Link-local addresses and those where clouds hand out credentials are left out but for ports 53, 443 and 6443, where a cache of DNS and the API server may be.",
    ),
  metricsFrom: z
    .array(any)
    .default([])
    .describe("Who may ask for metrics (NetworkPolicyPeers); anybody where none is said."),
});

export const Values = z.strictObject({
  image: Image.prefault({}).describe("The image."),
  imagePullSecrets: z
    .array(z.strictObject({ name: z.string().min(1) }))
    .default([])
    .describe("Secrets to pull it with. Pods of checks take those of the default service account of their namespace."),
  replicas: count.default(2).describe("One works, the others wait to take over."),
  crds: Crds.prefault({}).describe("The kinds."),
  policies: Policies.prefault({}).describe("The admission policies: who may act, and who did."),
  orderKey: OrderKey.prefault({}).describe("The key that orders to agents are signed with."),
  licences: Licences.prefault({}).describe("Whose licences are believed; at most one of the two is said."),
  operator: Operator.prefault({}).describe("The operator's settings."),
  notifications: Notifications.prefault({}).describe("Whom it tells, so that nobody waits unknowingly."),
  serviceAccount: z
    .strictObject({ annotations: texts.default({}).describe("Annotations of it.") })
    .prefault({})
    .describe("The service account; its name is ashat, because the policies name it."),
  resources: Resources.prefault({}).describe("Of the operator."),
  priorityClassName: z.string().default("").describe("Priority class of its pods."),
  nodeSelector: texts.default({}).describe("Nodes it may run on."),
  tolerations: z.array(Toleration).default([]).describe("Taints it tolerates."),
  affinity: any.default({}).describe("Affinity of its pods; they spread over nodes and zones anyway."),
  podLabels: texts.default({}).describe("More labels of its pods."),
  podAnnotations: texts.default({}).describe("More annotations of its pods."),
  podDisruptionBudget: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Whether a drain takes at most one replica at a time."),
    })
    .prefault({})
    .describe("What a drain of nodes may take away."),
  networkPolicy: NetworkPolicy.prefault({}).describe("The network policy."),
  serviceMonitor: Monitor.prefault({}).describe("Metrics for the Prometheus operator."),
  global: any.optional().describe("What a chart that includes this one says to all; nothing here reads it."),
});

/** What an installation gets that says nothing. */
export const DEFAULTS = Values.parse({});
