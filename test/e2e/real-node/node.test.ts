import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NODE_PATIENCE_MS, skippedReason } from "../../cluster/no-real-node.ts";
import { PROBE_IMAGE } from "../../cluster/node-config.ts";
import { progressLine } from "../../cluster/progress.ts";
import { startRealCluster } from "../../cluster/real-node.ts";
import { newNamespace } from "../../cluster/shared.ts";
import { until } from "../../cluster/until.ts";

const skipped = await skippedReason();

const probe = (args: readonly string[]) => ({
  name: "probe",
  image: PROBE_IMAGE,
  imagePullPolicy: "Never",
  args,
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
});

const podSpec = (args: readonly string[], extra: object = {}) => ({
  securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  automountServiceAccountToken: false,
  restartPolicy: "Never",
  terminationGracePeriodSeconds: 1,
  containers: [probe(args)],
  ...extra,
});

const pod = (name: string, args: readonly string[], extra?: object) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name.replace(/-\d+$/, "") } },
  spec: podSpec(args, extra),
});

describe.skipIf(skipped !== undefined)(`a real node${skipped === undefined ? "" : ` (skipped: ${skipped})`}`, () => {
  let real: Awaited<ReturnType<typeof startRealCluster>>;
  let namespace: string;

  const kubectl = async (...args: readonly string[]): Promise<string> =>
    (await real.cluster.kubectl(["--namespace", namespace, ...args])).stdout;
  const create = (...items: readonly object[]) =>
    real.cluster.kubectl(["--namespace", namespace, "create", "--filename=-"], {
      stdin: JSON.stringify({ apiVersion: "v1", kind: "List", items }),
    });
  const untilPhase = (name: string, wanted: string): Promise<boolean> =>
    until(
      `pod ${name} is ${wanted}`,
      async () => {
        const phase = await kubectl("get", "pod", name, "--output=jsonpath={.status.phase}");
        if (phase === wanted) return true;
        throw new Error(`it is ${phase}: ${await kubectl("describe", "pod", name)}`);
      },
      { timeoutMs: 60_000, everyMs: 300 },
    );
  const untilReady = (...names: readonly string[]) =>
    kubectl("wait", "--for=condition=Ready", "--timeout=60s", ...names.map((name) => `pod/${name}`));

  beforeAll(async () => {
    real = await startRealCluster({ onProgress: (progress) => console.error(progressLine(progress)) });
    namespace = await newNamespace(real.cluster, "node");
  }, NODE_PATIENCE_MS);
  afterAll(() => real?.stop());

  test("a pod under restricted Pod Security runs as nobody in namespaces of its own, and its log and a shell into it are there", async () => {
    await create(pod("server-0", ["serve", "8080"]));
    await untilReady("server-0");
    expect(await kubectl("logs", "server-0")).toBe("serving as server-0\n");
    expect(await kubectl("exec", "server-0", "--", "/program", "print", "hello from $HOSTNAME")).toBe(
      "hello from server-0\n",
    );
  });

  test("an Indexed Job of three runs as three pods, and what each says at its end comes back", async () => {
    const template = { spec: podSpec(["message", "I am $JOB_COMPLETION_INDEX"]) };
    const spec = { completionMode: "Indexed", completions: 3, parallelism: 3, backoffLimitPerIndex: 0, template };
    await create({ apiVersion: "batch/v1", kind: "Job", metadata: { name: "three" }, spec });
    await kubectl("wait", "--for=condition=Complete", "--timeout=60s", "job/three");
    const said = await kubectl(
      "get",
      "pods",
      "--selector=job-name=three",
      "--output=jsonpath={range .items[*]}{.status.containerStatuses[0].state.terminated.message}{'\\n'}{end}",
    );
    expect(said.trim().split("\n").sort()).toEqual(["I am 0", "I am 1", "I am 2"]);
  });

  test("a pod reaches the API server through the Service kubernetes, as its service account and with its rights only", async () => {
    await kubectl("create", "serviceaccount", "reader");
    await kubectl("create", "rolebinding", "reader", "--clusterrole=view", `--serviceaccount=${namespace}:reader`);
    const reader = { serviceAccountName: "reader", automountServiceAccountToken: true };
    await create(
      pod("reads", ["api", `/api/v1/namespaces/${namespace}/configmaps`], reader),
      pod("pries", ["api", `/api/v1/namespaces/${namespace}/secrets`], reader),
    );
    await Promise.all([untilPhase("reads", "Succeeded"), untilPhase("pries", "Failed")]);
    expect(await kubectl("logs", "reads")).toContain("kube-root-ca.crt");
    expect(await kubectl("logs", "pries")).toContain(`system:serviceaccount:${namespace}:reader`);
  });

  test("a Service is found by its name and spreads requests over its two pods", async () => {
    await create(pod("web-0", ["serve", "8080"]), pod("web-1", ["serve", "8080"]), {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    await untilReady("web-0", "web-1");
    await until("both pods are behind the Service", async () => {
      const slices = await kubectl(
        "get",
        "endpointslices",
        "--selector=kubernetes.io/service-name=web",
        "--output=jsonpath={.items[*].endpoints[?(@.conditions.ready==true)].targetRef.name}",
      );
      return slices.split(" ").length === 2;
    });
    await create(pod("asks", ["get", "http://web", "64"]));
    await untilPhase("asks", "Succeeded");
    const answers = (await kubectl("logs", "asks")).trim().split("\n");
    expect(answers).toHaveLength(64);
    expect(new Set(answers)).toEqual(new Set(["web-0", "web-1"]));
  });

  test("a pod reaches what listens on this machine, and the other way round", async () => {
    const { createServer } = await import("node:http");
    const server = createServer((_, response) => response.end("this machine\n"));
    await new Promise<void>((listening) => server.listen(0, real.node.network.host, listening));
    const { port } = server.address() as { readonly port: number };
    await create(
      pod("outwards", ["get", `http://${real.node.network.host}:${port}`, "1"]),
      pod("inwards", ["serve", "8080"]),
    );
    await untilPhase("outwards", "Succeeded");
    server.close();
    expect(await kubectl("logs", "outwards")).toBe("this machine\n");
    await untilReady("inwards");
    const ip = await kubectl("get", "pod", "inwards", "--output=jsonpath={.status.podIP}");
    expect(await (await fetch(`http://${ip}:8080`)).text()).toBe("inwards\n");
  });

  test("a container that is killed is started again", async () => {
    await create(pod("again", ["serve", "8080"], { restartPolicy: "Always" }));
    await untilReady("again");
    await real.node.killContainer(namespace, "again", "probe");
    await until("it was started again", async () => {
      const status = "{.status.containerStatuses[0]}";
      const { restartCount, state } = JSON.parse(
        await kubectl("get", "pod", "again", `--output=jsonpath=${status}`),
      ) as {
        readonly restartCount: number;
        readonly state: { readonly running?: object };
      };
      return restartCount === 1 && state.running !== undefined;
    });
  });
});
