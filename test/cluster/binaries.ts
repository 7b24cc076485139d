import { delimiter, join } from "node:path";
import {
  builtPrograms,
  CONTROL_PLANE,
  exists,
  goVersion,
  HELM,
  NODE,
  NODE_PROGRAMS,
  OLDER_API_SERVER,
  PROGRAM_NAMES,
} from "./gobuild.ts";
import type { OnProgress } from "./progress.ts";

/** Where a control plane comes from: somebody's running cluster, named on purpose, or programs to start. Never a fake. */
export type ControlPlane =
  | { readonly kind: "context"; readonly context: string; readonly kubectl: string }
  | { readonly kind: "programs"; readonly folder: string; readonly from: "KUBEBUILDER_ASSETS" | "go" };

const onPath = async (program: string): Promise<string | undefined> => {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, program);
    if (folder !== "" && (await exists(path))) return path;
  }
  return undefined;
};

const ofContext = async (context: string): Promise<ControlPlane> => {
  const kubectl = await onPath("kubectl");
  if (kubectl === undefined)
    throw new Error(`ASHAT_TEST_CONTEXT=${context} needs kubectl on PATH: install it, or unset ASHAT_TEST_CONTEXT`);
  return { kind: "context", context, kubectl };
};

const ofAssets = async (folder: string): Promise<ControlPlane> => {
  const there = await Promise.all(PROGRAM_NAMES.map((name) => exists(join(folder, name))));
  const missing = PROGRAM_NAMES.filter((_, index) => !there[index]);
  if (missing.length === 0) return { kind: "programs", folder, from: "KUBEBUILDER_ASSETS" };
  throw new Error(
    `KUBEBUILDER_ASSETS=${folder} lacks ${missing.join(", ")} (Jobs need a controller manager and a scheduler, which setup-envtest does not bring): ` +
      "put those of the same Kubernetes version there, or unset KUBEBUILDER_ASSETS and have Go >= 1.26 on PATH",
  );
};

/** The first source that is asked for; a source that is asked for and does not work is an error, never a reason to take the next. */
export const findControlPlane = async (onProgress?: OnProgress): Promise<ControlPlane> => {
  const context = process.env["ASHAT_TEST_CONTEXT"];
  if (context) return ofContext(context);
  const assets = process.env["KUBEBUILDER_ASSETS"];
  if (assets) return ofAssets(assets);
  const go = await goVersion();
  if ("version" in go)
    return { kind: "programs", folder: await builtPrograms(go.version, CONTROL_PLANE, onProgress), from: "go" };
  throw new Error(
    `no Kubernetes control plane can be had here: ${go.missing}. Any one of these helps:\n` +
      "  - install Go >= 1.26 (https://go.dev/dl) and put it on PATH: the control plane is then built once from pinned modules, about 6 minutes\n" +
      `  - set KUBEBUILDER_ASSETS to a folder with ${PROGRAM_NAMES.join(", ")}\n` +
      "  - set ASHAT_TEST_CONTEXT to a kubeconfig context of a cluster that tests may write to",
  );
};

/** The folder of an API server of 1.34, built once like the rest; it comes from Go only. */
export const findOlderApiServer = async (onProgress?: OnProgress): Promise<string> => {
  const go = await goVersion();
  if ("version" in go) return builtPrograms(go.version, OLDER_API_SERVER, onProgress);
  throw new Error(
    `no API server of 1.34 can be had here: ${go.missing}. Install Go >= 1.26 (https://go.dev/dl) and put it on PATH: it is then built once, about 5 minutes`,
  );
};

/** Helm, built once like the rest; it comes from Go only. */
export const findHelm = async (onProgress?: OnProgress): Promise<string> => {
  const go = await goVersion();
  if ("version" in go) return join(await builtPrograms(go.version, HELM, onProgress), "helm");
  throw new Error(
    `no Helm can be had here: ${go.missing}. Install Go >= 1.26 (https://go.dev/dl) and put it on PATH: it is then built once, about 2 minutes`,
  );
};

export type NodeBinaries = Readonly<Record<"kubelet" | "kube-proxy" | "coredns" | "probe", string>>;

/** What a real node runs beside containerd, built once like the rest; it comes from Go only. */
export const findNodePrograms = async (onProgress?: OnProgress): Promise<NodeBinaries> => {
  const go = await goVersion();
  if ("missing" in go)
    throw new Error(
      `no kubelet can be had here: ${go.missing}. Install Go >= 1.26 (https://go.dev/dl) and put it on PATH: it is then built once, about 5 minutes`,
    );
  const kubernetes = await builtPrograms(go.version, NODE, onProgress);
  const ours = await builtPrograms(go.version, NODE_PROGRAMS, onProgress);
  return {
    kubelet: join(kubernetes, "kubelet"),
    "kube-proxy": join(kubernetes, "kube-proxy"),
    coredns: join(ours, "coredns"),
    probe: join(ours, "probe"),
  };
};
