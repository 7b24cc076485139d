import type { z } from "zod";
import { DeploymentSpec, DeploymentStatus } from "./deployment.ts";
import { GROUP, VERSION } from "./group.ts";
import { MainframeSpec } from "./mainframe.ts";
import { RecordSpec } from "./record.ts";
import { ServerSpec } from "./server.ts";
import { type JsonSchema, structural } from "./structural.ts";
import { TargetStatus } from "./target.ts";

interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly priority?: number;
}

interface KindWords {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly short: string;
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status?: z.ZodType;
  readonly validations?: readonly JsonSchema[];
  readonly columns: readonly Column[];
}

const column = (name: string, jsonPath: string, extra: Partial<Column> = {}): Column => ({
  name,
  type: "string",
  jsonPath,
  ...extra,
});
const age = column("Age", ".metadata.creationTimestamp", { type: "date" });
/** Empty where nothing has drifted: the condition is there only while it is True. */
const drifted = column("Drifted", '.status.conditions[?(@.type=="Drifted")].status');
const ready = column("Ready", '.status.conditions[?(@.type=="Ready")].status');

export const KINDS: readonly KindWords[] = [
  {
    kind: "Deployment",
    plural: "deployments",
    singular: "deployment",
    short: "adep",
    description: "One update on its way from ALPHA through Public and OMEGA to the Licensed Mainframes.",
    spec: DeploymentSpec,
    status: DeploymentStatus,
    validations: [
      {
        rule: "self.metadata.name.size() <= 52",
        message: "the name of an update has at most 52 characters: names of its records are made of it",
      },
    ],
    columns: [
      column("Phase", ".status.phase"),
      column("Tier", ".status.tier"),
      column("Checks", ".status.readiness"),
      column("Approval", ".status.approval"),
      column("Mainframes", ".status.mainframes"),
      age,
      column("Message", ".status.message"),
    ],
  },
  {
    kind: "Server",
    plural: "servers",
    singular: "server",
    short: "asrv",
    description: "One place updates are delivered to: development, staging or production.",
    spec: ServerSpec,
    status: TargetStatus,
    columns: [
      column("Tier", ".spec.tier"),
      ready,
      column("Runs", ".status.runs"),
      drifted,
      column("URL", ".spec.url", { priority: 1 }),
      age,
      column("Message", ".status.message"),
    ],
  },
  {
    kind: "Mainframe",
    plural: "mainframes",
    singular: "mainframe",
    short: "mf",
    description: "One licensed installation, fed by an Omega server.",
    spec: MainframeSpec,
    status: TargetStatus,
    columns: [
      column("Omega", ".spec.omega"),
      column("Wave", ".spec.wave", { type: "integer" }),
      ready,
      column("Runs", ".status.runs"),
      drifted,
      age,
      column("Message", ".status.message"),
    ],
  },
  {
    kind: "DeploymentRecord",
    plural: "deploymentrecords",
    singular: "deploymentrecord",
    short: "adr",
    description: "One immutable entry of the audit chain of an update; it outlives the update.",
    spec: RecordSpec,
    columns: [
      column("Seq", ".spec.seq", { type: "integer" }),
      column("Update", ".spec.deployment.name"),
      column("Tier", ".spec.tier"),
      column("From", ".spec.from"),
      column("To", ".spec.to"),
      column("Reason", ".spec.reason"),
      column("Actor", ".spec.actor.name"),
      age,
      column("Message", ".spec.message", { priority: 1 }),
    ],
  },
];

/** A default of the whole status makes a fresh object read as "not looked at yet" by every waiter (kstatus). */
const statusSchema = (status: z.ZodType): JsonSchema => ({
  ...structural(status),
  default: { observedGeneration: -1 },
});

export function crd(words: KindWords): JsonSchema {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${words.plural}.${GROUP}`, labels: { "app.kubernetes.io/part-of": "ashat" } },
    spec: {
      group: GROUP,
      scope: "Namespaced",
      conversion: { strategy: "None" },
      names: {
        kind: words.kind,
        listKind: `${words.kind}List`,
        plural: words.plural,
        singular: words.singular,
        shortNames: [words.short],
        categories: ["ashat"],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          additionalPrinterColumns: words.columns,
          ...(words.status === undefined ? {} : { subresources: { status: {} } }),
          schema: {
            openAPIV3Schema: {
              type: "object",
              description: words.description,
              required: ["spec"],
              ...(words.validations === undefined ? {} : { "x-kubernetes-validations": words.validations }),
              properties: {
                spec: structural(words.spec),
                ...(words.status === undefined ? {} : { status: statusSchema(words.status) }),
              },
            },
          },
        },
      ],
    },
  };
}
