import { expect } from "vitest";
import type { DeploymentStatus } from "../../../src/api/deployment.ts";
import { API_VERSION } from "../../../src/api/group.ts";
import { verifyChain } from "../../../src/api/record.ts";
import { PROBE_IMAGE } from "../../cluster/node-config.ts";
import type { Patience } from "../../cluster/until.ts";
import type { Gitops } from "../../world/gitops.ts";
import type { Room } from "../../world/room.ts";
import { type Node, saidByPods } from "./said.ts";
import { letAsk, teamAccount } from "./team.ts";

const REF = "registry.example/shop";
const DIGEST = `sha256:${"8".repeat(64)}`;

/** A shop that runs on the node; which version it is stands in its environment. */
const workload = (version: string): string => `# What runs, and nothing else.
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 2
  minReadySeconds: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 1
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: shop
          image: ${PROBE_IMAGE}
          imagePullPolicy: Never
          args: [serve, "8080"]
          env:
            - name: VERSION
              value: ${version} # written by updates
          readinessProbe: {httpGet: {port: 8080}, periodSeconds: 1}
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80, targetPort: 8080}]}
`;

/** There is no production here: it is done when staging has passed. */
const passed = ({ tiers }: DeploymentStatus): boolean =>
  tiers?.find(({ name }) => name === "public")?.state === "Passed";

interface Item {
  readonly metadata: { readonly creationTimestamp: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly containers?: readonly [{ readonly env: readonly [{ readonly value: string }] }] };
  readonly status: { readonly conditions?: readonly { readonly reason?: string; readonly lastUpdateTime?: string }[] };
}

const listed = async ({ cluster }: Node, namespace: string, ...what: readonly string[]): Promise<readonly Item[]> => {
  const { stdout } = await cluster.kubectl(["get", ...what, "-n", namespace, "-o", "json"]);
  return (JSON.parse(stdout) as { readonly items: readonly Item[] }).items;
};

/** The versions of the pods of the shop that are there to stay. */
const runs = async (real: Node, namespace: string) =>
  (await listed(real, namespace, "pods", "--selector=app=shop"))
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ spec }) => spec.containers?.[0].env[0].value);

/** The operator commits with the git of its container, Flux rolls out what is committed, and what runs then is checked, all on one node. */
export async function promotesByCommits(real: Node, room: Room, gitops: Gitops, patience: Patience): Promise<void> {
  const { namespace } = room;
  await Promise.all([teamAccount(real, namespace), letAsk(real, namespace)]);
  const sync = await gitops.sync(namespace, "shop", {
    targetNamespace: namespace,
    serviceAccountName: "flux",
    healthChecks: [{ apiVersion: "apps/v1", kind: "Deployment", name: "shop", namespace }],
  });
  const secretRef = { name: `${sync.name}-git` };
  const server = {
    apiVersion: API_VERSION,
    kind: "Server",
    metadata: { namespace, name: "staging" },
    spec: {
      tier: "Public",
      url: `http://shop.${namespace}`,
      git: {
        url: sync.repository.url,
        path: "apps/{app}",
        secretRef,
        change: [
          {
            yaml: {
              file: "shop.yaml",
              kind: "Deployment",
              path: "/spec/template/spec/containers/0/env/0/value",
              value: "{version}",
            },
          },
        ],
      },
      waitFor: { kustomization: { name: sync.name }, healthySeconds: 1 },
      checks: { health: { contains: "shop-" } },
    },
  };
  const update = {
    apiVersion: API_VERSION,
    kind: "Deployment",
    metadata: { namespace, name: "shop-9.4.8" },
    spec: {
      app: "shop",
      version: "9.4.8",
      description: "Shop 9.4.8",
      artifact: { image: { ref: REF, digest: DIGEST } },
    },
  };
  const before = await sync.push({ "shop/shop.yaml": workload("9.4.7"), "staging.yaml": server }, "What runs");
  expect(await sync.settled(before, patience)).toMatchObject({ status: "True" });
  expect(await runs(real, namespace)).toEqual(["9.4.7", "9.4.7"]);

  await sync.push({ "update.yaml": update }, "Shop 9.4.8");
  await room.untilUpdate(update.metadata.name, passed, patience);
  expect(await sync.repository.read("apps/shop/shop.yaml")).toBe(workload("9.4.8"));
  const [newest] = await sync.repository.log();
  expect(newest).toMatchObject({
    files: ["apps/shop/shop.yaml"],
    message: expect.stringMatching(/Ashat-Update: shop-9\.4\.8 [^]*Ashat-Version: 9\.4\.8/),
  });
  expect(await runs(real, namespace)).toEqual(["9.4.8", "9.4.8"]);
  const [[job], [shop]] = await Promise.all([
    listed(real, namespace, "jobs"),
    listed(real, namespace, "deployments.apps"),
  ]);
  const available = shop?.status.conditions?.find(({ reason }) => reason === "NewReplicaSetAvailable");
  const checked = Date.parse(job?.metadata.creationTimestamp ?? "");
  expect(checked).toBeGreaterThanOrEqual(Date.parse(available?.lastUpdateTime ?? ""));
  const records = await room.records(update.metadata.name);
  expect(verifyChain(records)).toEqual([]);
  const evidence = records.flatMap((record) => record.evidence ?? []).filter(({ verdict }) => verdict === "Passed");
  expect(evidence.map(({ target, category }) => `${target} ${category}`)).toEqual(["staging Health Check"]);
  expect(evidence.map(({ document = "" }) => document)).toEqual(await saidByPods(real, namespace));
}
