import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ClusterAccess } from "./access.ts";
import { untilEstablished } from "./established.ts";
import { builtPrograms, FLUX, goVersion, type Source } from "./gobuild.ts";
import { type Guarded, startGuarded, tailOfLog } from "./guard.ts";
import { freePorts } from "./ports.ts";
import type { OnProgress } from "./progress.ts";
import { until } from "./until.ts";

/**
 * Flux's own source-controller and kustomize-controller as plain processes against a cluster, with its kinds installed. Both log in as the
 * service accounts they have in an installation, which for the one that applies means: administrator of the cluster.
 */
export interface Flux {
  /** Who applies what is in Git, as the API server knows it. */
  readonly account: string;
  readonly namespace: string;
  readonly stop: () => Promise<void>;
}

const NAMESPACE = "flux-system";
const HOST = "127.0.0.1";
const GRACE_MS = 2_000;

/** The kinds come with the sources of the program that serves them. */
const kindsOf = async ({ dir, module = "" }: Source): Promise<string> => {
  const { stdout } = await promisify(execFile)("go", ["mod", "download", "-json", module], { cwd: dir });
  return join((JSON.parse(stdout) as { readonly Dir: string }).Dir, "config", "crd", "bases");
};

const account = (name: string): readonly object[] => [
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: NAMESPACE } },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: `flux-${name}` },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ kind: "ServiceAccount", name, namespace: NAMESPACE }],
  },
];

const install = async (cluster: ClusterAccess): Promise<void> => {
  const kinds = await Promise.all(Object.values(FLUX).map(kindsOf));
  await cluster.kubectl(["apply", "--server-side", ...kinds.map((folder) => `--filename=${folder}`)]);
  await untilEstablished(cluster, kinds);
  const items = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } },
    ...account("source-controller"),
    ...account("kustomize-controller"),
  ];
  await cluster.kubectl(["apply", "-f", "-"], { stdin: JSON.stringify({ apiVersion: "v1", kind: "List", items }) });
};

/** `dir` keeps logs and what was fetched; whoever gives it takes it away. */
export async function startFlux(cluster: ClusterAccess, dir: string, onProgress?: OnProgress): Promise<Flux> {
  const go = await goVersion();
  if (!("version" in go))
    throw new Error(
      `no Flux can be had here: ${go.missing}. Install Go >= 1.26 (https://go.dev/dl) and put it on PATH: its controllers are then built once, about 5 minutes`,
    );
  const [sources, tmp] = [join(dir, "flux-artifacts"), join(dir, "flux-tmp")];
  await Promise.all([install(cluster), mkdir(sources, { recursive: true }), mkdir(tmp, { recursive: true })]);
  const [storage = 0, ...healths] = await freePorts(3);
  const start = async (source: Source, healthPort: number, flags: readonly string[]): Promise<Guarded> => {
    const name = source.programs[0] ?? "";
    const programs = await builtPrograms(go.version, source, onProgress);
    const program = await startGuarded({
      name,
      command: join(programs, name),
      args: [
        "--watch-all-namespaces",
        "--log-level=debug",
        "--metrics-addr=0",
        `--health-addr=${HOST}:${healthPort}`,
        ...flags,
      ],
      logFile: join(dir, `${name}.log`),
      env: {
        PATH: process.env["PATH"],
        HOME: tmp,
        TMPDIR: tmp,
        RUNTIME_NAMESPACE: NAMESPACE,
        KUBECONFIG: await cluster.kubeconfigForServiceAccount(NAMESPACE, name),
      },
    });
    await until(`${name} is ready`, async () => {
      if (!program.running()) throw new Error(tailOfLog(program.logFile));
      return (await fetch(`http://${HOST}:${healthPort}/readyz`)).ok;
    });
    return program;
  };
  // One after the other: a first build takes all there is of the machine.
  const address = `${HOST}:${storage}`;
  const first = await start(FLUX.source, healths[0] ?? 0, [
    `--storage-path=${sources}`,
    `--storage-addr=${address}`,
    `--storage-adv-addr=${address}`,
  ]);
  const second = await start(FLUX.kustomize, healths[1] ?? 0, ["--requeue-dependency=1s"]);
  return {
    account: `system:serviceaccount:${NAMESPACE}:kustomize-controller`,
    namespace: NAMESPACE,
    stop: async () => {
      await Promise.all([first.stop(GRACE_MS), second.stop(GRACE_MS)]);
    },
  };
}
