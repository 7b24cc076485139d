import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { POLICIES } from "../../src/api/policies.ts";
import { readPolicies } from "../../src/controllers/gate.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { install, untilPoliciesInForce } from "../cluster/install.ts";
import { person } from "../cluster/person.ts";
import { sharedCluster } from "../cluster/shared.ts";
import { until } from "../cluster/until.ts";
import { type Cast, castIn, update } from "./cast.ts";
import { DEPLOYMENTS } from "./resources.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

let cluster: Cluster;
let cast: Cast;
let namespace: string;

// Policies are taken away here, so nobody else may be using this cluster.
const { owned } = sharedCluster();

beforeAll(async () => {
  if (!owned) return;
  cluster = await startCluster();
  await install(cluster);
  cast = await castIn(cluster, "gate");
  namespace = cast.namespace;
});
afterAll(async () => {
  for (const who of cast?.everyone ?? []) await who.client.close();
  await cluster?.stop();
});

const seen = (client = cast.operator.client) => readPolicies(client, namespace);
const inForce = async () => {
  await untilPoliciesInForce(cluster, namespace);
  const now = await seen();
  if (now.state !== "InForce") throw new Error(`not in force: ${JSON.stringify(now)}`);
  return now;
};
/** Runs the command that a message ends with, as its reader would. */
const obey = async (message: string): Promise<void> => {
  const command = /kubectl (.*)$/.exec(message)?.[1];
  if (command === undefined) throw new Error(`no command in: ${message}`);
  await promisify(execFile)(cluster.kubectlPath, [`--kubeconfig=${cluster.kubeconfig}`, ...command.split(" ")], {
    cwd: ROOT,
  });
};
const why = async (): Promise<string> => {
  const now = await seen();
  return now.state === "NotInForce" ? `${now.reason}: ${now.message}` : now.state;
};
const stampsOf = async (name: string): Promise<readonly string[]> => {
  const { annotations } = (await cast.root.client.get(DEPLOYMENTS, { namespace, name })).metadata;
  return Object.keys(annotations ?? {}).filter((key) => key.startsWith("by."));
};
/** Names are the plurals that kubectl knows. */
const resource = (kind: string): string => `${kind.toLowerCase()}.admissionregistration.k8s.io`;

describe.skipIf(!owned)("the admission policies", () => {
  it("are in force after an installation, named by uid and generation, and the API server stamps", async () => {
    const now = await inForce();
    expect(now.stamps).toBe("ApiServer");
    expect(Object.keys(now.identity as object)).toEqual(
      POLICIES.map(({ kind, metadata }) => `${kind}/${metadata.name}`),
    );
  });

  it.each(POLICIES.map(({ kind, metadata }) => [kind, metadata.name] as const))(
    "are missed when one is deleted, and in force under another identity after the printed command: %s %s",
    async (kind, name) => {
      const before = await inForce();
      await cluster.kubectl(["delete", resource(kind), name]);
      const said = await why();
      expect(said).toContain(
        `Missing: ${kind}/${name} is missing, so nothing proves who acted; a cluster administrator restores it: kubectl apply -f manifests/policies.yaml`,
      );
      await obey(said);
      expect((await inForce()).identity).not.toEqual(before.identity);
    },
  );

  it.each([
    [
      "ValidatingAdmissionPolicyBinding",
      "ashat-actions",
      { validationActions: ["Audit"] },
      "spec.validationActions[0]",
    ],
    [
      "ValidatingAdmissionPolicyBinding",
      "ashat-actions",
      { matchResources: { namespaceSelector: { matchLabels: { a: "b" } } } },
      "spec.matchResources",
    ],
    [
      "ValidatingAdmissionPolicyBinding",
      "ashat-operator-only",
      { validationActions: ["Warn"] },
      "spec.validationActions[0]",
    ],
    ["ValidatingAdmissionPolicy", "ashat-actions", { failurePolicy: "Ignore" }, "spec.failurePolicy"],
    [
      "ValidatingAdmissionPolicy",
      "ashat-actions",
      { matchConditions: [{ name: "never", expression: "false" }] },
      "spec.matchConditions",
    ],
    [
      "ValidatingAdmissionPolicy",
      "ashat-actions",
      { validations: [{ expression: "true" }] },
      "spec.validations[0].expression",
    ],
    [
      "ValidatingAdmissionPolicy",
      "ashat-actions",
      { matchConstraints: { objectSelector: { matchLabels: { a: "b" } } } },
      "spec.matchConstraints.objectSelector.matchLabels",
    ],
    ["MutatingAdmissionPolicy", "ashat-stamps", { failurePolicy: "Ignore" }, "spec.failurePolicy"],
    [
      "MutatingAdmissionPolicyBinding",
      "ashat-stamps",
      { matchResources: { objectSelector: { matchLabels: { a: "b" } } } },
      "spec.matchResources",
    ],
  ] as const)("are known to be changed: %s %s %j", async (kind, name, spec, path) => {
    const before = await inForce();
    await cluster.kubectl(["patch", resource(kind), name, "--type=merge", `--patch=${JSON.stringify({ spec })}`]);
    const said = await why();
    expect(said).toContain(`Changed: ${kind}/${name} was changed at ${path}, so nothing proves who acted`);
    await obey(said);
    expect((await inForce()).identity).not.toEqual(before.identity);
  });

  it("are not proven by an operator that may approve", async () => {
    await inForce();
    await cluster.kubectl([
      "create",
      "clusterrolebinding",
      "too-much",
      "--clusterrole=cluster-admin",
      "--serviceaccount=ashat-system:ashat",
    ]);
    await until("the right has arrived", async () => (await why()).includes("the operator itself may approve"));
    await cluster.kubectl(["delete", "clusterrolebinding", "too-much"]);
    await inForce();
  });

  it("are not proven by an operator under another name, whose status nobody would accept", async () => {
    const stranger = await person(cluster, "stranger");
    await cluster.kubectl([
      "create",
      "clusterrolebinding",
      "stranger",
      "--clusterrole=ashat-operator",
      "--user=stranger",
    ]);
    const said = await until("the role has arrived", async () => {
      const now = await seen(stranger.client);
      return now.state === "NotInForce" && now.reason === "NotEnforced" ? now.message : undefined;
    });
    await stranger.client.close();
    expect(said).toContain("the operator does not run as system:serviceaccount:ashat-system:ashat");
  });

  it("are of unknown state to who may not read them", async () => {
    expect(await seen(cast.viewer.client)).toMatchObject({
      reason: "Unknown",
      message: expect.stringContaining("cannot list resource") as string,
    });
  });
});

describe.skipIf(!owned)("an approval written while the policies were away", () => {
  it("is not stamped by the next innocent request of somebody who has the right", async () => {
    await inForce();
    const policies = ["-f", `${ROOT}manifests/policies.yaml`];
    await cluster.kubectl(["delete", ...policies]);
    const approval = { "approve.ashat.raos.io/omega": "0123456789abcdef" };
    let count = 0;
    const name = await until("neither policy is enforced any more", async () => {
      count += 1;
      const planted = `planted-${count}`;
      await cast.author.applies(update(namespace, planted, { annotations: approval }));
      return (await stampsOf(planted)).length === 0 ? planted : undefined;
    });
    await cluster.kubectl(["apply", ...policies]);
    await inForce();
    await cast.alice.does("label", `deployments.ashat.raos.io/${name}`, "-n", namespace, "seen=yes");
    expect(await stampsOf(name)).toEqual([]);
  });
});
