import { expect, test } from "vitest";
import { newNamespace, notOwned, sharedCluster } from "../cluster/shared.ts";
import { until } from "../cluster/until.ts";

const cluster = sharedCluster();

test("a user with a kubeconfig of his own is who the API server sees", async () => {
  const kubeconfig = await cluster.kubeconfigFor("olga", ["release-managers"]);
  const { stdout } = await cluster.kubectl(["auth", "whoami", `--kubeconfig=${kubeconfig}`, "--output=json"]);
  expect(JSON.parse(stdout)).toMatchObject({
    status: { userInfo: { username: "olga", groups: ["release-managers", "system:authenticated"] } },
  });
});

test("an answered request is in the audit log, with who, what and whether it was a dry run", async (context) => {
  const reason = notOwned(cluster);
  if (reason !== undefined) context.skip(reason);
  const namespace = await newNamespace(cluster, "audit");
  await cluster.kubectl(["create", "configmap", "seen", "--dry-run=server", `--namespace=${namespace}`], {
    as: { user: "eve", groups: ["system:masters"] },
  });
  const event = (await cluster.auditEvents()).find(
    ({ impersonatedUser, verb }) => verb === "create" && impersonatedUser?.username === "eve",
  );
  expect(event).toMatchObject({
    objectRef: { resource: "configmaps", namespace, name: "seen" },
    responseStatus: { code: 201 },
  });
  expect(event?.requestURI).toContain("dryRun=All");
});

test("what the stand-in for the kubelet does not do fails the pod and says so", async (context) => {
  if (cluster.nodeName === undefined) context.skip("the nodes of a named context are real: unset ASHAT_TEST_CONTEXT");
  const namespace = await newNamespace(cluster, "refused");
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "init" },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: "RuntimeDefault" } },
      initContainers: [container("first")],
      containers: [container("second")],
    },
  };
  // A pod is refused until the controller manager has made the namespace's default service account.
  await until("the pod is made", () =>
    cluster.kubectl(["create", "-f", "-", `--namespace=${namespace}`], { stdin: JSON.stringify(pod) }),
  );
  await cluster.kubectl([
    "wait",
    "pod/init",
    "--for=jsonpath={.status.phase}=Failed",
    `--namespace=${namespace}`,
    "--timeout=30s",
  ]);
  const { stdout } = await cluster.kubectl([
    "get",
    "pod",
    "init",
    `--namespace=${namespace}`,
    "--output=jsonpath={.status.reason}: {.status.message}",
  ]);
  expect(stdout).toBe("StandInUnsupported: the stand-in for the kubelet does not run this: initContainers");
});

const container = (name: string) => ({
  name,
  image: "ashat:test",
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
});
