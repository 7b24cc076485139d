import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { inRange, parseIp, parseRange } from "../../src/dial/ip.ts";
import { specialOf } from "../../src/dial/special-addresses.ts";
import { CHART, type Helm, HELM_PATIENCE_MS, noHelm, openHelm } from "../cluster/helm.ts";
import { type Manifest, manifestName, manifestsIn } from "../cluster/manifest.ts";
import { sharedCluster } from "../cluster/shared.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const cluster = sharedCluster();
const skipped = await noHelm();

let helm: Helm;

beforeEach(({ skip }) => {
  if (skipped !== undefined) skip(skipped);
});
beforeAll(async () => {
  if (skipped === undefined) helm = await openHelm();
}, HELM_PATIENCE_MS);
afterAll(() => helm?.close());

const template = async (...args: readonly string[]): Promise<readonly Manifest[]> =>
  manifestsIn((await helm.run(["template", "ashat", CHART, "--namespace=ashat-system", ...args])).stdout);
const refusal = (...args: readonly string[]): Promise<string> =>
  template(...args).then(
    () => "accepted",
    (error: Error) => error.message,
  );
/** The base with these components, as an overlay of a user names them. */
const kustomize = async (...components: readonly string[]): Promise<readonly Manifest[]> => {
  const overlay = await mkdtemp(join(tmpdir(), "ashat-overlay-"));
  const base = relative(overlay, `${ROOT}manifests`);
  const lines = [
    `resources: ["${base}"]`,
    `components: [${components.map((name) => `"${base}/components/${name}"`).join(", ")}]`,
  ];
  try {
    await writeFile(join(overlay, "kustomization.yaml"), `${lines.join("\n")}\n`);
    return manifestsIn((await cluster.kubectl(["kustomize", overlay])).stdout);
  } finally {
    await rm(overlay, { recursive: true });
  }
};
const find = (objects: readonly Manifest[], name: string): Manifest => {
  const found = objects.find((object) => manifestName(object) === name);
  if (found === undefined) throw new Error(`no ${name} among ${objects.map(manifestName).join(", ")}`);
  return found;
};
const OPERATOR = "Deployment/ashat-system/ashat-operator";

interface Operator {
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
      readonly spec: {
        readonly containers: readonly {
          readonly image: string;
          readonly args: readonly string[];
          readonly env?: readonly object[];
        }[];
        readonly volumes: readonly object[];
      };
    };
  };
}
interface Egress {
  readonly to?: readonly { readonly ipBlock?: { readonly except: readonly string[] } }[];
  readonly ports: readonly { readonly port: number }[];
}
const operatorOf = (objects: readonly Manifest[]): Operator => find(objects, OPERATOR) as unknown as Operator;
const containerOf = (objects: readonly Manifest[]) => {
  const [container] = operatorOf(objects).spec.template.spec.containers;
  if (container === undefined) throw new Error("the operator has no container");
  return container;
};

const HELMS = [
  "helm.sh/chart",
  "app.kubernetes.io/instance",
  "app.kubernetes.io/version",
  "app.kubernetes.io/managed-by",
];
const without = (map: Readonly<Record<string, string>> = {}, names: readonly string[]) =>
  Object.fromEntries(Object.entries(map).filter(([name]) => !names.includes(name)));
/** What Helm adds to know its own objects again is taken off. */
const plain = (object: Manifest): unknown => {
  const { annotations: written, labels, ...metadata } = object.metadata;
  const annotations = without(written, ["helm.sh/resource-policy"]);
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: without(labels, HELMS),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
  };
};
const byName = (objects: readonly Manifest[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(objects.map((object): [string, unknown] => [manifestName(object), plain(object)]));
const isHook = (object: Manifest): boolean => "helm.sh/hook" in (object.metadata.annotations ?? {});

describe("the chart", () => {
  it("has nothing that helm lint minds", async () => {
    const { stdout } = await helm.run(["lint", "--strict", "--namespace=ashat-system", CHART]);
    expect(stdout).toContain("1 chart(s) linted, 0 chart(s) failed");
  });

  it("renders the same each time", async () => {
    expect(await template()).toEqual(await template());
  });

  // Helm makes the namespace of a release by --create-namespace, and never owns it.
  it.each([
    ["as both are", [], ["network-policy"]],
    ["before 1.36", ["--kube-version=1.34.0"], ["network-policy", "before-1.36"]],
    [
      "with one replica, metrics asked for, and its traffic as it is",
      ["--set=replicas=1,serviceMonitor.enabled=true,networkPolicy.enabled=false"],
      ["single-replica", "service-monitor"],
    ],
    [
      "telling a receiver whose address is a secret",
      ["--set=notifications.existingSecret=ashat-notify"],
      ["network-policy", "notifications"],
    ],
  ])("installs what kustomize installs, object by object: %s", async (_, values, components) => {
    const charted = (await template(...values)).filter((object) => !isHook(object));
    const based = (await kustomize(...components)).filter(({ kind }) => kind !== "Namespace");
    expect(byName(charted)).toEqual(byName(based));
  });
});

describe("values", () => {
  it.each([
    ["a typo", ["--set=replica=3"], "additional properties 'replica' not allowed"],
    ["a typo in a group", ["--set=crds.kep=false"], "additional properties 'kep' not allowed"],
    ["a text where a number is meant", ["--set-string=replicas=two"], "at '/replicas': got string, want integer"],
    ["no replica at all", ["--set=replicas=0"], "at '/replicas': minimum: got 0, want 1"],
    ["a word that is none of the three", ["--set=policies.stamps=off"], "at '/policies/stamps': value must be one of"],
    ["a tag where a digest is meant", ["--set=image.digest=latest"], "at '/image/digest'"],
    ["a flag without dashes", ["--set=operator.extraArgs={log}"], "at '/operator/extraArgs/0'"],
    [
      "a private key among the public ones",
      ['--set-json=licences.keys=[{"kty":"OKP","crv":"Ed25519","x":"x","d":"x"}]'],
      "additional properties 'd' not allowed",
    ],
    [
      "another namespace",
      ["--namespace=default"],
      "ASHAT is installed into the namespace ashat-system, not into default",
    ],
  ])("refuses %s, by name", async (_, args, said) => {
    expect(await refusal(...args)).toContain(said);
  });

  const key = { kty: "OKP", crv: "Ed25519", x: "A".repeat(43) };
  const keys = `--set-json=licences.keys=${JSON.stringify([key])}`;

  it("refuses two sources of licence keys, saying what to do", async () => {
    expect(await refusal(keys, "--set=licences.existingConfigMap=mine")).toContain(
      "licences.keys and licences.existingConfigMap (mine) are both set, and only one can be where licences are proved: empty one of them",
    );
  });

  it("refuses notifications that nothing signs, with the command that makes the secret", async () => {
    expect(await refusal("--set=notifications.url=https://hooks.example")).toContain(
      'kubectl create secret generic ashat-notify --namespace ashat-system --from-literal=secret="whsec_$(openssl rand -base64 32)"',
    );
  });

  it("puts licence keys where the operator reads them, and a change of them starts it again", async () => {
    const objects = await template(keys);
    const { data } = find(objects, "ConfigMap/ashat-system/ashat-licence-keys") as unknown as {
      data: Record<string, string>;
    };
    expect(JSON.parse(data["jwks.json"] ?? "")).toEqual({ keys: [key] });
    expect(containerOf(objects).args).toContain("--licence-keys=/etc/ashat/licence-keys/jwks.json");
    const another = await template(`--set-json=licences.keys=${JSON.stringify([{ ...key, x: "B".repeat(43) }])}`);
    expect(operatorOf(another).spec.template.metadata).not.toEqual(operatorOf(objects).spec.template.metadata);
  });

  it("takes keys that are there already", async () => {
    const objects = await template("--set=orderKey.existingSecret=mine,licences.existingConfigMap=theirs");
    expect(containerOf(objects).args).toContain("--order-key=/etc/ashat/order-key/signing-key.json");
    expect(containerOf(objects).args.join(" ")).not.toContain("--order-key-secret");
    expect(operatorOf(objects).spec.template.spec.volumes).toEqual([
      { name: "tmp", emptyDir: { sizeLimit: "2Gi" } },
      { name: "order-key", secret: { secretName: "mine" } },
      { name: "licence-keys", configMap: { name: "theirs" } },
    ]);
    expect(objects.map(manifestName)).not.toContain("ConfigMap/ashat-system/ashat-licence-keys");
  });

  it("lets the digest of an image count, not its tag", async () => {
    const digest = `sha256:${"a".repeat(64)}`;
    expect(containerOf(await template("--set=image.tag=9.9.9")).image).toBe("ashat:9.9.9");
    expect(containerOf(await template("--set=image.tag=9.9.9", `--set=image.digest=${digest}`)).image).toBe(
      `ashat@${digest}`,
    );
  });

  it("hands every setting of the operator on", async () => {
    const objects = await template(
      "--set=operator.logLevel=debug,operator.deliveryTimeoutSeconds=7000000,operator.allowAddresses={127.0.0.0/8}",
      "--set=operator.extraArgs={--pod-start-timeout=9}",
    );
    expect(containerOf(objects).args).toEqual([
      "operator",
      "--order-key-secret=ashat-order-key",
      "--health-port=8081",
      "--log-level=debug",
      "--delivery-timeout=7000000",
      "--pod-start-timeout=60",
      "--verification-attempts=3",
      "--checkpoint-interval=300",
      "--allow-address=127.0.0.0/8",
      "--pod-start-timeout=9",
    ]);
  });

  it("mounts what notifications are signed with, and who vouches for their receiver", async () => {
    const told =
      "notifications.url=https://hooks.example/a?b,notifications.existingSecret=hook,notifications.caConfigMap=ca";
    const objects = await template(`--set=${told}`);
    expect(containerOf(objects).args.slice(-3)).toEqual([
      "--notify-url=https://hooks.example/a?b",
      "--notify-secret=/etc/ashat/notify-secret/secret",
      "--notify-ca=/etc/ashat/notify-ca/ca.crt",
    ]);
    const volumes = ["tmp", "notify-secret", "notify-ca"].map((name): unknown => expect.objectContaining({ name }));
    expect(operatorOf(objects).spec.template.spec.volumes).toEqual(volumes);
    expect(containerOf(await template()).args.join(" ")).not.toContain("notify");
  });

  it("takes the address of that receiver from a file of the same Secret where it is one, and from no command line", async () => {
    const { args, env } = containerOf(await template("--set=notifications.existingSecret=hook"));
    expect(args).toContain("--notify-url-file=/etc/ashat/notify-secret/url");
    expect(args.join(" ")).not.toMatch(/--notify-url=|\$\(/);
    expect(env).toBeUndefined();
  });

  it("brings a ServiceMonitor only when asked, and leaves out what is switched off", async () => {
    const usual = (await template()).map(({ kind }) => kind);
    expect(usual).not.toContain("ServiceMonitor");
    const other = await template(
      "--set=serviceMonitor.enabled=true,serviceMonitor.labels.release=prom",
      "--set=networkPolicy.enabled=false,podDisruptionBudget.enabled=false,crds.enabled=false",
    );
    const monitor = find(other, "ServiceMonitor/ashat-system/ashat-operator");
    expect(monitor.metadata.labels?.["release"]).toBe("prom");
    // Our label `namespace` would be overwritten by that of the operator.
    expect(monitor).toMatchObject({ spec: { endpoints: [{ path: "/metrics", honorLabels: true }] } });
    for (const kind of ["NetworkPolicy", "PodDisruptionBudget", "CustomResourceDefinition"]) {
      expect(usual).toContain(kind);
      expect(other.map((object) => object.kind)).not.toContain(kind);
    }
  });

  it("leaves out, on every port but those of names and of the API server, where clouds hand out credentials", async () => {
    const policy = find(await template(), "NetworkPolicy/ashat-system/ashat-operator") as unknown as {
      readonly spec: { readonly egress: readonly Egress[] };
    };
    const left = policy.spec.egress.flatMap(({ to = [] }) => to.flatMap(({ ipBlock }) => ipBlock?.except ?? []));
    const ranges = left.flatMap((text) => parseRange(text) ?? []);
    for (const text of ["169.254.169.254", "169.254.170.23", "100.100.100.200", "168.63.129.16", "fd00:ec2::254"]) {
      const ip = parseIp(text);
      expect(ip !== undefined && specialOf(ip) !== undefined && ranges.some((range) => inRange(ip, range))).toBe(true);
    }
    const open = policy.spec.egress.filter(({ to }) => to === undefined).flatMap(({ ports }) => ports);
    expect([...new Set(open.map(({ port }) => port))]).toEqual([53, 443, 6443]);
  });

  it("may be told what is for all charts together", async () => {
    expect(await refusal("--set=global.region=eu")).toBe("accepted");
  });
});

describe("who stamps", () => {
  const MAP = "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy";
  it.each([
    ["no cluster, the newest version", [], true],
    ["no cluster, 1.36", ["--kube-version=1.36.0"], true],
    ["no cluster, 1.34", ["--kube-version=1.34.4"], false],
    ["a cluster of 1.34", ["--kube-version=1.34.4", "--api-versions=apps/v1/Deployment"], false],
    [
      "a cluster of 1.36 that serves no such policies",
      ["--kube-version=1.36.0", "--api-versions=apps/v1/Deployment"],
      false,
    ],
    ["a cluster that serves them", ["--kube-version=1.36.0", `--api-versions=apps/v1/Deployment,${MAP}`], true],
    ["the client, because that is asked", ["--kube-version=1.36.0", "--set=policies.stamps=Client"], false],
    ["the API server, because that is asked", ["--kube-version=1.34.0", "--set=policies.stamps=ApiServer"], true],
  ] as const)("%s", async (_, args, stamps) => {
    const kinds = (await template(...args)).map(({ kind }) => kind);
    expect(kinds.includes("MutatingAdmissionPolicy")).toBe(stamps);
    expect(kinds.includes("MutatingAdmissionPolicyBinding")).toBe(stamps);
    expect(kinds.filter((kind) => kind === "ValidatingAdmissionPolicy")).toHaveLength(3);
  });

  it("is refused before 1.30, where nothing could prove who approved", async () => {
    expect(await refusal("--kube-version=1.29.9")).toContain("chart requires kubeVersion: >=1.30.0-0");
  });
});
