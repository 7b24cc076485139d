import type { DeploymentSpec, DeploymentStatus } from "../api/deployment.ts";
import { GROUP, VERSION } from "../api/group.ts";
import type { MainframeSpec } from "../api/mainframe.ts";
import type { ServerSpec } from "../api/server.ts";
import type { TargetStatus } from "../api/target.ts";
import type { KubeObject, Resource } from "../kube/types.ts";

/** The kinds as the API server hands them out: it has filled in the defaults of their schemas. */
export type Update = KubeObject & { readonly spec: DeploymentSpec; readonly status?: DeploymentStatus };
export type ServerObject = KubeObject & { readonly spec: ServerSpec; readonly status?: TargetStatus };
export type MainframeObject = KubeObject & { readonly spec: MainframeSpec; readonly status?: TargetStatus };
export type Target = ServerObject | MainframeObject;

const own = <T extends KubeObject>(plural: string, kind: string): Resource<T> => ({
  group: GROUP,
  version: VERSION,
  plural,
  kind,
  namespaced: true,
});

export const UPDATES = own<Update>("deployments", "Deployment");
export const SERVERS = own<ServerObject>("servers", "Server");
export const MAINFRAMES = own<MainframeObject>("mainframes", "Mainframe");

export const isServer = (target: Target): target is ServerObject => target.kind === "Server";
