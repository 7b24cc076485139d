import { GROUP, VERSION } from "../../src/api/group.ts";
import type { KubeObject, Resource } from "../../src/kube/types.ts";

type Ours = KubeObject & {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
};

const ours = (kind: string): Resource<Ours> => ({
  group: GROUP,
  version: VERSION,
  plural: `${kind.toLowerCase()}s`,
  kind,
  namespaced: true,
});

export const DEPLOYMENTS = ours("Deployment");
export const SERVERS = ours("Server");
export const MAINFRAMES = ours("Mainframe");
export const RECORDS = ours("DeploymentRecord");
