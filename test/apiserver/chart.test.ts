import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { KINDS } from "../../src/api/crds.ts";
import { GROUP } from "../../src/api/group.ts";
import { verificationJob } from "../../src/core/job.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { type Guarded, startGuarded } from "../cluster/guard.ts";
import { CHART, type Helm, HELM_PATIENCE_MS, noHelm, openHelm } from "../cluster/helm.ts";
import { untilPoliciesInForce } from "../cluster/install.ts";
import { manifestsIn } from "../cluster/manifest.ts";
import { freePorts } from "../cluster/ports.ts";
import { notOwned, sharedCluster } from "../cluster/shared.ts";
import { until } from "../cluster/until.ts";
import { server, update } from "../unit/fixtures.ts";

// The life of one installation, in order: first install, work, upgrade, uninstall, install again, away with everything.

const skipped = notOwned(sharedCluster()) ?? (await noHelm());
const run = promisify(execFile);
const MANIFESTS = new URL("../../manifests", import.meta.url).pathname;
const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;
const IN = ["--namespace=ashat-system"];
const RELEASED = "0.0.9";

let cluster: Cluster;
let helm: Helm;
let dir: string;
let notes: string;

interface Columns {
  readonly spec: { readonly versions: readonly { additionalPrinterColumns: readonly { readonly name: string }[] }[] };
}

/** The chart as a version before this one could have been: without the newest column of a kind. */
async function releasedBefore(): Promise<string> {
  const chart = join(dir, "released");
  await cp(CHART, chart, { recursive: true });
  const edit = async (path: string, from: RegExp, to: string): Promise<void> => {
    const text = await readFile(join(chart, path), "utf8");
    if (!from.test(text)) throw new Error(`${path} has no ${from.source}`);
    await writeFile(join(chart, path), text.replace(from, to));
  };
  await edit("Chart.yaml", /^version: .*$/m, `version: ${RELEASED}`);
  await edit("Chart.yaml", /^appVersion: .*$/m, `appVersion: ${RELEASED}`);
  const path = join(chart, "files/crds/mainframes.yaml");
  const crd = parse(await readFile(path, "utf8")) as Columns;
  for (const version of crd.spec.versions)
    version.additionalPrinterColumns = version.additionalPrinterColumns.filter(({ name }) => name !== "Message");
  await writeFile(path, stringify(crd));
  return chart;
}

const kubectl = async (...args: readonly string[]): Promise<string> => (await cluster.kubectl(args)).stdout.trim();
const apply = (object: object): Promise<unknown> =>
  cluster.kubectl(["apply", "-f", "-"], { stdin: JSON.stringify(object) });

/** Every object of our kinds, with all that an upgrade must not touch. */
const kept = async (): Promise<readonly object[]> => {
  const list = JSON.parse(
    await kubectl("get", KINDS.map(({ plural }) => `${plural}.${GROUP}`).join(","), "--all-namespaces", "-o", "json"),
  ) as {
    readonly items: readonly {
      readonly kind: string;
      readonly metadata: Record<string, unknown>;
      readonly status?: unknown;
    }[];
  };
  return list.items.map(({ kind, metadata: { name, uid, resourceVersion }, status }) => ({
    kind,
    name,
    uid,
    resourceVersion,
    status,
  }));
};
const kindsServed = async (): Promise<readonly string[]> =>
  (await kubectl("get", "crds", "-o", "name")).split("\n").filter((name) => name.endsWith(GROUP));
const phase = (): Promise<string> =>
  kubectl("get", `deployments.${GROUP}/patch-1`, "-n", "raos", "-o", "jsonpath={.status.phase}");
const columns = (): Promise<string> =>
  kubectl("get", "crd", `mainframes.${GROUP}`, "-o", "jsonpath={.spec.versions[0].additionalPrinterColumns[*].name}");
const keyUid = (): Promise<string> =>
  kubectl("get", "secret", "ashat-order-key", ...IN, "-o", "jsonpath={.metadata.uid}");

const manifestOfRelease = async (): Promise<string> => (await helm.run(["get", "manifest", "ashat", ...IN])).stdout;

/** An operator with the flags that a manifest gives it, as a process of this machine. */
async function startOperator(
  name: string,
  manifest: string,
): Promise<Guarded & { readonly ready: () => Promise<boolean> }> {
  const [port = 0] = await freePorts(1);
  const found = manifestsIn(manifest).find((each) => each.kind === "Deployment") as unknown as {
    readonly spec: {
      readonly template: { readonly spec: { readonly containers: readonly { readonly args: string[] }[] } };
    };
  };
  const args = found.spec.template.spec.containers.flatMap((container) => container.args);
  const guarded = await startGuarded({
    name,
    command: process.execPath,
    args: [
      MAIN,
      ...args.map((flag) => (flag.startsWith("--health-port") ? `--health-port=${port}` : flag)),
      "--check-image=ashat:test",
      `--kubeconfig=${await cluster.kubeconfigForServiceAccount("ashat-system", "ashat")}`,
    ],
    logFile: join(dir, `${name}.log`),
    env: { PATH: process.env["PATH"] },
  });
  return { ...guarded, ready: async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok };
}

const doctor = async (kubeconfig: string): Promise<string> =>
  (await run(process.execPath, [MAIN, "doctor", `--kubeconfig=${kubeconfig}`, "--wait=30"])).stdout;

beforeEach(({ skip }) => {
  if (skipped !== undefined) skip(skipped);
});
beforeAll(async () => {
  if (skipped !== undefined) return;
  dir = await mkdtemp(join(tmpdir(), "ashat-chart-"));
  cluster = await startCluster();
  helm = await openHelm(cluster.kubeconfig);
  const chart = await releasedBefore();
  notes = (await helm.run(["install", "ashat", chart, ...IN, "--create-namespace"])).stdout;
}, HELM_PATIENCE_MS);
afterAll(async () => {
  await helm?.close();
  await cluster?.stop();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

describe("a first installation, with nothing there before", () => {
  const operators: Guarded[] = [];
  afterAll(async () => {
    for (const operator of operators) await operator.stop(5000);
  });

  it("brings the kinds, and policies that refuse a forged approval", async () => {
    expect(await kindsServed()).toHaveLength(KINDS.length);
    await untilPoliciesInForce(cluster);
  });

  it("says with doctor what is missing, and ends with 1", async () => {
    const asked = run(process.execPath, [MAIN, "doctor", `--kubeconfig=${cluster.kubeconfig}`, "--wait=0"]);
    await expect(asked).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining("[-] leader    no operator leads"),
    });
  });

  it("makes one key, whichever of two operators is first, and one of them leads", async () => {
    const both = await Promise.all(
      ["first", "second"].map(async (name) => startOperator(name, await manifestOfRelease())),
    );
    operators.push(...both);
    await until("both are ready", async () => (await Promise.all(both.map(({ ready }) => ready()))).every(Boolean));
    const kubeconfig = await cluster.kubeconfigForServiceAccount("ashat-system", "ashat");
    const said = await doctor(kubeconfig);
    expect(said).not.toContain("[-]");
    expect(said.split("\n").filter((line) => line.startsWith("[+]"))).toHaveLength(4);
    const logs = await Promise.all(operators.map(({ logFile }) => readFile(logFile, "utf8")));
    expect(logs.join("")).not.toContain('"level":50');
    expect(await keyUid()).not.toBe("");
  });

  it("is good in the eyes of doctor for a cluster administrator, too", async () => {
    expect(await doctor(cluster.kubeconfig)).toContain(
      "[+] policies  a forged approval is refused; who acts is stamped by the API server",
    );
  });

  it("prints commands that work as they stand", async () => {
    const commands = [...notes.matchAll(/^ {2}((?:kubectl|helm) .*)$/gm)].map(([, command = ""]) => command);
    expect(commands.map((command) => command.split(" ").slice(0, 3).join(" "))).toEqual([
      "helm test ashat",
      "kubectl get secret",
      "kubectl create namespace",
    ]);
    const env = {
      PATH: `${join(cluster.kubectlPath, "..")}:${process.env["PATH"]}`,
      KUBECONFIG: cluster.kubeconfig,
      HOME: dir,
    };
    for (const command of commands.filter((each) => each.startsWith("kubectl")))
      await run("sh", ["-ec", command], { cwd: dir, env });
    expect(JSON.parse(await readFile(join(dir, "operator-keys.json"), "utf8"))).toEqual({
      keys: [expect.objectContaining({ kty: "OKP", crv: "Ed25519" })],
    });
    expect(await kubectl("get", "rolebindings", "-n", "raos", "-o", "name")).toContain("ashat-admin");
  });

  it("works: an update that waits has a status and a record", async () => {
    const metadata = { name: "patch-1", namespace: "raos" };
    await apply({
      apiVersion: `${GROUP}/v1alpha1`,
      kind: "Server",
      metadata: { name: "ra-01", namespace: "raos" },
      spec: { tier: "Omega", url: "https://10.4.0.17" },
    });
    await apply({
      apiVersion: `${GROUP}/v1alpha1`,
      kind: "Deployment",
      metadata,
      spec: {
        description: "Critical security fixes",
        version: "9.4.2",
        artifact: { archive: { url: "https://alpha.example/ra.tgz", sha256: "ab".repeat(32) } },
      },
    });
    await until("it waits", async () => (await phase()) !== "");
    expect((await kept()).map((object) => (object as { kind: string }).kind)).toEqual(
      expect.arrayContaining(["Deployment", "DeploymentRecord", "Server"]),
    );
  });
});

/** Everything that can be said of the operator's pods, at once. */
const EVERYTHING = {
  image: { digest: `sha256:${"a".repeat(64)}`, pullPolicy: "Always" },
  imagePullSecrets: [{ name: "pull" }],
  replicas: 3,
  orderKey: { existingSecret: "order" },
  licences: { keys: [{ kty: "OKP", crv: "Ed25519", x: "A".repeat(43) }] },
  operator: {
    allowAddresses: ["127.0.0.0/8", "::1/128"],
    extraArgs: ["--log-level=warn"],
    env: [{ name: "NODE_EXTRA_CA_CERTS", value: "/etc/ssl/ca.pem" }],
  },
  notifications: { existingSecret: "notify", caConfigMap: "ca", source: "urn:east" },
  serviceAccount: { annotations: { who: "them" } },
  resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "2", memory: "2Gi" } },
  priorityClassName: "system-cluster-critical",
  nodeSelector: { "kubernetes.io/os": "linux" },
  tolerations: [{ key: "dedicated", operator: "Exists", effect: "NoExecute", tolerationSeconds: 30 }],
  affinity: { podAntiAffinity: {} },
  podLabels: { team: "release" },
  podAnnotations: { note: "x" },
  networkPolicy: { metricsFrom: [{ namespaceSelector: {} }] },
};

/** Objects as the API server would take them, strictly; what it warns about comes back. */
async function warningsAbout(objects: readonly object[]): Promise<string> {
  const said = await Promise.all(
    objects.map((object) =>
      cluster.kubectl(
        ["apply", "--server-side", "--force-conflicts", "--validate=strict", "--dry-run=server", "-f", "-"],
        { stdin: JSON.stringify(object) },
      ),
    ),
  );
  return said.map(({ stderr }) => stderr).join("");
}

describe("pods", () => {
  beforeAll(async () => {
    if (skipped !== undefined) return;
    const levels = ["enforce", "warn"].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
    await kubectl("label", "namespace", "ashat-system", ...levels);
  });

  it.each([
    ["usually", {}],
    ["with everything said that can be", EVERYTHING],
  ])("of the chart are what the restricted level wants, without a warning: %s", async (_, values) => {
    const rendered = await helm.run(["template", "ashat", CHART, ...IN, "--values=-"], JSON.stringify(values));
    const objects = manifestsIn(rendered.stdout);
    const pods = objects.filter(({ kind }) => kind === "Pod" || kind === "Deployment");
    expect(pods.map(({ metadata }) => metadata.name).toSorted()).toEqual(["ashat-doctor", "ashat-operator"]);
    expect(await warningsAbout(objects)).toBe("");
  });

  it("of a verification are that, too", async () => {
    const checks = { modules: { path: "/modules" }, database: { secretRef: { name: "db" } } };
    const job = verificationJob(update("patch-1"), server("ra-01", "Omega", { checks }), 1, {
      image: "ashat:test",
      addresses: { allow: [], guarded: [] },
    }) as { readonly metadata: object };
    expect(await warningsAbout([{ ...job, metadata: { ...job.metadata, namespace: "ashat-system" } }])).toBe("");
  });

  it("would be warned about if they were not", async () => {
    const { stderr } = await cluster.kubectl([
      "create",
      "deployment",
      "careless",
      "--image=x",
      ...IN,
      "--dry-run=server",
    ]);
    expect(stderr).toContain('would violate PodSecurity "restricted');
  });
});

describe("from the version before to this one", () => {
  it("keeps every object as it is, status and all, and brings what is new of the kinds", async () => {
    expect(await columns()).not.toContain("Message");
    const [before, key] = [await kept(), await keyUid()];
    expect(before.length).toBeGreaterThan(2);
    const { stdout: said } = await helm.run(["upgrade", "ashat", CHART, ...IN]);
    expect(said).toContain("approvals that waited do not count any more");
    expect(notes).not.toContain("approvals that waited");
    expect(await columns()).toContain("Message");
    expect(await kept()).toEqual(before);
    expect(await keyUid()).toBe(key);
    await untilPoliciesInForce(cluster);
  });

  it("leaves kinds, objects and key when it goes, and finds them again when it comes back", async () => {
    const [before, key] = [await kept(), await keyUid()];
    await helm.run(["uninstall", "ashat", ...IN]);
    expect(await kindsServed()).toHaveLength(KINDS.length);
    expect(await kept()).toEqual(before);
    expect(await kubectl("get", "validatingadmissionpolicies", "-o", "name")).not.toContain("ashat");
    await helm.run(["install", "ashat", CHART, ...IN]);
    expect(await kept()).toEqual(before);
    expect(await keyUid()).toBe(key);
    await untilPoliciesInForce(cluster);
  });

  it("takes kinds and objects away where it was told not to keep them", async () => {
    await helm.run(["upgrade", "ashat", CHART, ...IN, "--set=crds.keep=false"]);
    await helm.run(["uninstall", "ashat", ...IN]);
    await until("the kinds are gone", async () => (await kindsServed()).length === 0);
  });
});

describe("by kustomize, where an operator is there before its kinds", () => {
  let operator: Awaited<ReturnType<typeof startOperator>>;
  afterAll(async () => {
    await operator?.stop(5000);
  });

  it("waits for them, and works when they come", async () => {
    await kubectl("apply", ...["namespace", "rbac"].map((name) => `--filename=${MANIFESTS}/${name}.yaml`));
    operator = await startOperator("early", await readFile(join(MANIFESTS, "operator.yaml"), "utf8"));
    await until("it answers, and is not ready", async () => !(await operator.ready()));
    await kubectl("apply", "--server-side", "-k", MANIFESTS);
    await until("it is ready", () => operator.ready());
    expect(await doctor(cluster.kubeconfig)).not.toContain("[-]");
  });
});
