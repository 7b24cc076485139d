import type { DeploymentSpec } from "../api/deployment.ts";
import { GROUP, LABEL, VERSION } from "../api/group.ts";
import { hashOf } from "../api/hash.ts";
import { releasesOf } from "../api/layer.ts";
import type { RecordSpec } from "../api/record.ts";
import type { KubeObject, Resource } from "../kube/types.ts";

/** The kinds this operator reads and writes, as they come over the wire. */
export type Raw<Spec = unknown, Status = unknown> = KubeObject & { readonly spec: Spec; readonly status?: Status };
export type RawRecord = Raw<RecordSpec>;

const own = <T extends KubeObject>(plural: string, kind: string): Resource<T> => ({
  group: GROUP,
  version: VERSION,
  plural,
  kind,
  namespaced: true,
});

export const DEPLOYMENTS = own<Raw>("deployments", "Deployment");
export const SERVERS = own<Raw>("servers", "Server");
export const MAINFRAMES = own<Raw>("mainframes", "Mainframe");
export const RECORDS = own<RawRecord>("deploymentrecords", "DeploymentRecord");

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly unknown[];
  readonly envFrom?: readonly unknown[];
}

export type Job = KubeObject & {
  readonly spec: { readonly template?: { readonly spec?: { readonly containers?: readonly Container[] } } };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  };
};
export const JOBS: Resource<Job> = { group: "batch", version: "v1", plural: "jobs", kind: "Job", namespaced: true };

interface ContainerState {
  readonly waiting?: { readonly reason?: string };
  readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly message?: string };
}

export type Pod = KubeObject & {
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly containerStatuses?: readonly { readonly name: string; readonly state?: ContainerState }[];
  };
};
export const PODS: Resource<Pod> = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };

export type Secret = KubeObject & { readonly data?: Readonly<Record<string, string>> };
export const SECRETS: Resource<Secret> = {
  group: "",
  version: "v1",
  plural: "secrets",
  kind: "Secret",
  namespaced: true,
};

export const artifactLabel = (digest: string): string => `${LABEL.artifact}${hashOf(digest).slice(0, 32)}`;

/** Labels by which the records of an update, and of an artifact, are found again. */
export const recordLabels = (record: RecordSpec): Readonly<Record<string, string>> => ({
  [LABEL.managedBy]: "ashat",
  [LABEL.deployment]: record.deployment.name,
  [LABEL.deploymentUid]: record.deployment.uid,
  ...Object.fromEntries(record.artifacts.map(({ digest }) => [artifactLabel(digest), ""])),
});

/** The labels that records of what this update brings have. */
export const artifactLabels = (spec: DeploymentSpec): readonly string[] =>
  releasesOf(spec).map(({ digest }) => artifactLabel(digest));
