import { describe, expect, test } from "vitest";
import { findLedger, writeLedger } from "../../src/delivery/kubernetes/ledger.ts";
import { KubernetesTarget } from "../../src/api/kubernetes-target.ts";
import { CONFIG_MAPS } from "../cluster/pod.ts";
import { newNamespace } from "../cluster/shared.ts";
import { allowImpersonation, configMap, grant, wordsOf } from "../delivery/kubernetes-scene.ts";
import { openStages } from "../delivery/kubernetes-stage.ts";

/** An account with the role `admin` of its namespace, which may give rights it has itself. */
const { cluster, open, root, stage } = openStages("attack");

const RBAC = "rbac.authorization.k8s.io";
const bind = (kind: string, role: string, metadata: object) => ({
  apiVersion: `${RBAC}/v1`,
  kind,
  metadata,
  roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
  subjects: [{ apiGroup: RBAC, kind: "User", name: "mallory" }],
});

describe("manifests do nothing that their account may not", () => {
  const rule = { apiGroups: ["*"], resources: ["*"], verbs: ["*"] };
  test.each<readonly [string, object, RegExp]>([
    [
      "bind a role of the cluster",
      bind("ClusterRoleBinding", "cluster-admin", { name: "mine" }),
      /clusterrolebindings/,
    ],
    [
      "bind more rights than the account has",
      bind("RoleBinding", "cluster-admin", { name: "mine" }),
      /attempting to grant/,
    ],
    [
      "bind the right to approve",
      bind("RoleBinding", "ashat-approver-omega", { name: "mine" }),
      /attempting to grant .*tiers/,
    ],
    [
      "write a role with more rights than the account has",
      { apiVersion: `${RBAC}/v1`, kind: "Role", metadata: { name: "mine" }, rules: [rule] },
      /attempting to grant/,
    ],
    [
      "write into another namespace",
      configMap("mine", {}, { namespace: "kube-system" }),
      /namespace kube-system|"kube-system"/,
    ],
    [
      "take the kinds or the policies away",
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicy",
        metadata: { name: "actions.ashat.raos.io" },
        spec: { validations: [{ expression: "true" }] },
      },
      /validatingadmissionpolicies/,
    ],
    [
      "write down a delivery that never was",
      { apiVersion: "v1", kind: "Secret", metadata: { name: "ashat-shop-other-main" }, type: "ashat.raos.io/release" },
      /in which deliveries are written down/,
    ],
  ])("where they would %s nothing at all is applied", async (_, object, words) => {
    const { scene, namespace } = await stage();
    const answer = wordsOf(await scene.delivers("1.0.0", [configMap("one", {}), object]));
    expect(answer).toMatch(/^Refused/);
    expect(answer).toMatch(words);
    expect(await root().does("get", "configmaps,roles,rolebindings", "-n", namespace, "-o", "name")).not.toMatch(
      /configmap\/one|\/mine$/m,
    );
  });

  test("in this cluster without an account they are not accepted at all", () => {
    const parsed = KubernetesTarget.safeParse({ namespace: "kube-system" });
    expect(parsed.error?.issues[0]?.message).toContain("name it by serviceAccountName");
  });

  test("the account is that of the namespace of the server, whatever namespace it delivers to", async () => {
    const rich = await newNamespace(cluster, "rich");
    await grant(cluster, rich, "owner");
    await allowImpersonation(cluster, rich, "owner");
    const poor = await newNamespace(cluster, "poor");
    const scene = await open({ namespace: poor, account: "owner", spec: { namespace: rich } });
    const answer = wordsOf(await scene.delivers("1.0.0", [configMap("one", {})]));
    expect(answer).toContain(`The operator may not act as service account ${poor}/owner`);
    expect(await root().does("get", "configmaps", "-n", rich, "-o", "name")).not.toContain("configmap/one");
  });
});

test("what came into the list of what was delivered and has no mark of it is not taken away with it, whoever could prove that list", async () => {
  const { scene, namespace } = await stage();
  await scene.delivers("1.0.0", [configMap("one", {})]);
  await scene.ends(scene.last().key);
  await root().applies(configMap("theirs", { colour: "red" }, { namespace }));
  const id = { target: "shop", app: "default", layer: "main" };
  const { signal } = new AbortController();
  const shelf = scene.shelf(root().client);
  const ledger = await findLedger(shelf, id, signal);
  if (ledger === undefined) throw new Error("nothing was written down");
  const inventory = ["theirs", "kube-root-ca.crt"].map((name) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    namespace,
    name,
  }));
  await writeLedger(shelf, id, ledger, { ...ledger.book, inventory }, signal);
  await scene.delivers("1.1.0", [configMap("two", {})]);
  const { state, message } = await scene.ends(scene.last().key);
  expect([state, message]).toEqual(["Applied", expect.any(String)]);
  for (const name of ["theirs", "kube-root-ca.crt", "two"])
    expect((await root().client.get(CONFIG_MAPS, { namespace, name })).metadata.name).toBe(name);
});
