import type { DeploymentStatus } from "../../src/api/deployment.ts";
import { DeploymentSpec } from "../../src/api/deployment.ts";
import { MainframeSpec } from "../../src/api/mainframe.ts";
import { ServerSpec } from "../../src/api/server.ts";
import type { TargetStatus } from "../../src/api/target.ts";
import type { MainframeObject, ServerObject, Update } from "../../src/cli/kinds.ts";
import { displayed, kubeName } from "../../src/cli/names.ts";
import { paintWhen } from "../../src/cli/paint.ts";

/** Objects as the API server hands them to the command line. */

const NAMESPACE = "raos";

const metadata = (typed: string, created = "2026-11-20T10:00:00Z") => {
  const name = kubeName(typed, 63);
  return {
    name,
    namespace: NAMESPACE,
    uid: `uid-${name}`,
    resourceVersion: "1",
    generation: 1,
    creationTimestamp: created,
    annotations: displayed(typed, name),
  };
};

export const update = (
  typed: string,
  status?: DeploymentStatus,
  {
    created,
    annotations,
    ...spec
  }: {
    created?: string;
    annotations?: Record<string, string>;
    version?: string;
    app?: string;
    layers?: readonly object[];
  } = {},
): Update => {
  const own = metadata(typed, created);
  return {
    apiVersion: "ashat.raos.io/v1alpha1",
    kind: "Deployment",
    metadata: { ...own, annotations: { ...own.annotations, ...annotations } },
    spec: DeploymentSpec.parse({
      description: "Critical security fixes",
      version: "9.4.2",
      ...(spec.layers === undefined && {
        artifact: { archive: { url: "https://alpha.example/ra.tgz", sha256: "ab".repeat(32) } },
      }),
      ...spec,
    }),
    ...(status !== undefined && { status }),
  };
};

export const serverObject = (
  tier: "Alpha" | "Public" | "Omega",
  typed: string,
  {
    status,
    annotations,
    ...spec
  }: { status?: TargetStatus; annotations?: Record<string, string> } & Record<string, unknown> = {},
): ServerObject => {
  const own = metadata(typed);
  return {
    apiVersion: "ashat.raos.io/v1alpha1",
    kind: "Server",
    metadata: { ...own, annotations: { ...own.annotations, ...annotations } },
    spec: ServerSpec.parse({ tier, url: `https://${own.name}.example`, ...spec }),
    ...(status !== undefined && { status }),
  };
};

export const mainframeObject = (
  typed: string,
  omega: string,
  { status, ...spec }: { status?: TargetStatus } & Record<string, unknown> = {},
): MainframeObject => {
  const own = metadata(typed);
  return {
    apiVersion: "ashat.raos.io/v1alpha1",
    kind: "Mainframe",
    metadata: own,
    spec: MainframeSpec.parse({ omega, agent: { url: `https://${own.name}.example:7443` }, ...spec }),
    ...(status !== undefined && { status }),
  };
};

export const TOKEN = "bde6be9f58e5cc62";

const KUBECTL = "kubectl annotate deployments.ashat.raos.io/x -n raos --field-manager=ashat";

/** A gate that is shut, with the command of an action where one opens it. */
export const gate = (name: string, message: string, action?: string) => ({
  gate: name,
  message,
  who: "somebody who may",
  since: "2026-11-20T10:00:00Z",
  ...(action !== undefined && { command: `${KUBECTL} ${action}`, token: action.split("=")[1] ?? "" }),
});

export const tier = (
  name: "alpha" | "public" | "omega" | "mainframes",
  state: NonNullable<DeploymentStatus["tiers"]>[number]["state"],
  targets: readonly string[],
  token?: string,
): NonNullable<DeploymentStatus["tiers"]>[number] => ({
  name,
  state,
  passed: state === "Passed" ? targets.length : 0,
  total: targets.length,
  targets: targets.map((target) => ({ name: target, state })),
  ...(token !== undefined && { token }),
});

export const PLAIN = paintWhen(false);
export const deploy = (words: string): string => `deploy ${words}`;
