import type { KubeObject, Resource } from "../../src/kube/types.ts";

/** The part of a Pod that the stand-in reads and writes. */
export type EnvVar = {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: KeyRef;
    readonly configMapKeyRef?: KeyRef;
    readonly fieldRef?: { readonly fieldPath: string };
    readonly resourceFieldRef?: unknown;
    readonly fileKeyRef?: unknown;
  };
};

export type KeyRef = { readonly name: string; readonly key: string; readonly optional?: boolean };

export type Container = {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly unknown[];
  readonly terminationMessagePolicy?: string;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
};

export type Volume = { readonly name: string } & Readonly<Record<string, unknown>>;

export type PodCondition = {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
};

export type Terminated = {
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt?: string;
  readonly finishedAt: string;
};

export type ContainerState =
  | { readonly waiting: { readonly reason: string; readonly message?: string } }
  | { readonly running: { readonly startedAt: string } }
  | { readonly terminated: Terminated };

export type ContainerStatus = {
  readonly name: string;
  readonly image: string;
  readonly imageID: string;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restartCount: number;
  readonly state: ContainerState;
};

export type PodStatus = {
  readonly phase?: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";
  readonly reason?: string;
  readonly message?: string;
  readonly startTime?: string;
  readonly conditions?: readonly PodCondition[];
  readonly containerStatuses?: readonly ContainerStatus[];
};

export type Pod = KubeObject & {
  readonly metadata: KubeObject["metadata"] & {
    readonly namespace: string;
    readonly deletionGracePeriodSeconds?: number;
  };
  readonly spec: {
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly restartPolicy?: string;
    readonly activeDeadlineSeconds?: number;
    readonly volumes?: readonly Volume[];
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
  };
  readonly status?: PodStatus;
};

export const PODS: Resource<Pod> = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };

type Data = KubeObject & { readonly data?: Readonly<Record<string, string>> };
export const SECRETS: Resource<Data> = {
  group: "",
  version: "v1",
  plural: "secrets",
  kind: "Secret",
  namespaced: true,
};
export const CONFIG_MAPS: Resource<Data> = {
  group: "",
  version: "v1",
  plural: "configmaps",
  kind: "ConfigMap",
  namespaced: true,
};

const MOUNTABLE = new Set(["name", "emptyDir"]);

/** Why the stand-in cannot run this pod, if so: it refuses what it does not do, so that no test passes on something that never happened. */
export const unsupported = ({ spec }: Pod): string | undefined => {
  if ((spec.initContainers ?? []).length > 0) return "initContainers";
  if (spec.restartPolicy !== "Never") return `restartPolicy ${spec.restartPolicy}; only Never`;
  for (const volume of spec.volumes ?? []) {
    const kind = Object.keys(volume).find((key) => !MOUNTABLE.has(key));
    if (kind !== undefined)
      return `volume ${volume.name} of kind ${kind}; only emptyDir (for a service account token: automountServiceAccountToken: false)`;
  }
  for (const { name, command, envFrom, env } of spec.containers) {
    if (command !== undefined) return `command of container ${name}; the image's own is used, with args`;
    if (envFrom !== undefined && envFrom.length > 0) return `envFrom of container ${name}`;
    const strange = (env ?? []).find(
      ({ valueFrom }) => valueFrom?.resourceFieldRef !== undefined || valueFrom?.fileKeyRef !== undefined,
    );
    if (strange) return `the source of ${strange.name} in container ${name}`;
  }
  return undefined;
};
