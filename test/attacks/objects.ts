import { API_VERSION, GROUP, VERSION } from "../../src/api/group.ts";
import { recordName, seal } from "../../src/api/record.ts";
import type { Kind } from "./rights.ts";

export interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
export interface Thing {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec: Readonly<Record<string, unknown>>;
}

const KIND = {
  deployments: "Deployment",
  servers: "Server",
  mainframes: "Mainframe",
  deploymentrecords: "DeploymentRecord",
  web: "Deployment",
} as const;

const recordSpec = (name: string): Readonly<Record<string, unknown>> => {
  const deployment = { name, uid: "3f0f2c50-0000-0000-0000-000000000000" };
  return seal({
    seq: 0,
    previous: "",
    time: "2026-11-20T10:00:00Z",
    deployment,
    app: "default",
    version: "9.4.2",
    artifacts: [{ layer: "main", digest: `sha256:${"ab".repeat(32)}` }],
    to: "Waiting",
    reason: "Created",
    message: "It was created.",
    actor: { name: "author", known: "Admission" },
  });
};

const SPEC: Readonly<Record<Exclude<Kind, "deploymentrecords">, Readonly<Record<string, unknown>>>> = {
  deployments: {
    description: "Critical security fixes",
    version: "9.4.2",
    artifact: { archive: { url: "https://alpha.example/ra-9.4.2.tgz", sha256: "ab".repeat(32) } },
  },
  servers: { tier: "Public", url: "https://a.example" },
  mainframes: { omega: "ra-01", agent: { url: "https://cust-417.example:7443" } },
  web: {
    replicas: 0,
    selector: { matchLabels: { a: "b" } },
    template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "x" }] } },
  },
};

/** A good object of each kind. Labels and annotations are there, so that a JSON patch can add to them. */
export function thing(
  kind: Kind,
  namespace: string,
  name: string,
  annotations: Readonly<Record<string, string>> = {},
): Thing {
  const deployment = { name, uid: "3f0f2c50-0000-0000-0000-000000000000" };
  return {
    apiVersion: kind === "web" ? "apps/v1" : API_VERSION,
    kind: KIND[kind],
    metadata: {
      name: kind === "deploymentrecords" ? recordName(deployment, 0) : name,
      namespace,
      labels: { made: name },
      annotations: { note: "made", ...annotations },
    },
    spec: kind === "deploymentrecords" ? recordSpec(name) : SPEC[kind],
  };
}

export const collection = (kind: Kind, namespace: string): string =>
  kind === "web"
    ? `/apis/apps/v1/namespaces/${namespace}/deployments`
    : `/apis/${GROUP}/${VERSION}/namespaces/${namespace}/${kind}`;

export const pathOf = (kind: Kind, { namespace, name }: Metadata, part: "object" | "status" = "object"): string =>
  `${collection(kind, namespace)}/${name}${part === "status" ? "/status" : ""}`;
