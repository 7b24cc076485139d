import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withLock } from "./lock.ts";
import { type OnProgress, reported } from "./progress.ts";

const run = promisify(execFile);

/** The programs in the order they are built: the longest first, so that what it compiles serves the rest. */
export const PROGRAMS = {
  "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
  etcd: "go.etcd.io/etcd/server/v3",
  "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
  "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
  kubectl: "k8s.io/kubernetes/cmd/kubectl",
} as const;

export type ProgramName = keyof typeof PROGRAMS;
export const PROGRAM_NAMES = Object.keys(PROGRAMS) as readonly ProgramName[];

/** What else tests run, each from modules of its own. */
const TOOLS = {
  helm: "helm.sh/helm/v4/cmd/helm",
  "source-controller": "github.com/fluxcd/source-controller",
  "kustomize-controller": "github.com/fluxcd/kustomize-controller",
  kubelet: "k8s.io/kubernetes/cmd/kubelet",
  "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy",
  coredns: "./coredns",
  probe: "./probe",
} as const;
const PACKAGES = { ...PROGRAMS, ...TOOLS };

/** Modules that are pinned, and what is built from them. */
export interface Source {
  readonly dir: string;
  readonly programs: readonly (keyof typeof PACKAGES)[];
  /** Code of our own beside the go.mod, which is built anew when it changes. */
  readonly code?: readonly string[];
  /** The module whose version the programs tell; Kubernetes where nothing is said. */
  readonly module?: string;
  /** The variables that the version is linked into. */
  readonly stamps?: (version: string) => Readonly<Record<string, string>>;
}

const besides = (folder: string): string => join(dirname(fileURLToPath(import.meta.url)), folder);

const ofFlux = (name: "source-controller" | "kustomize-controller"): Source => ({
  dir: besides(`flux/${name}`),
  programs: [name],
  module: PACKAGES[name],
  stamps: () => ({}),
});

export const CONTROL_PLANE: Source = { dir: besides("controlplane"), programs: PROGRAM_NAMES };
/** The last API server without MutatingAdmissionPolicy v1; everything around it is of the control plane above. */
export const OLDER_API_SERVER: Source = { dir: besides("controlplane-1.34"), programs: ["kube-apiserver"] };
export const HELM: Source = {
  dir: besides("helm"),
  programs: ["helm"],
  module: "helm.sh/helm/v4",
  stamps: (version) => ({ "helm.sh/helm/v4/internal/version.version": version }),
};
/** Flux: each controller with modules of its own, for they were not released against the same libraries. */
export const FLUX = {
  source: ofFlux("source-controller"),
  kustomize: ofFlux("kustomize-controller"),
} as const;

/** What a real node needs beside containerd, of the same modules as the control plane; whoever has no such node does not build it. */
export const NODE: Source = { dir: besides("controlplane"), programs: ["kubelet", "kube-proxy"] };
/** What runs on a real node in tests: its DNS server, and the program of their containers. */
export const NODE_PROGRAMS: Source = {
  dir: besides("node-programs"),
  programs: ["probe", "coredns"],
  code: ["probe/main.go", "coredns/main.go"],
  module: "github.com/coredns/coredns",
  stamps: () => ({}),
};

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const cacheRoot = (): string =>
  process.env["ASHAT_CACHE"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "ashat");

const firstLine = (text: string): string => text.trim().split("\n")[0] ?? "";

/** The Go version that would build here, or why none would. An older Go that may fetch the toolchain named in go.mod does so now. */
export const goVersion = async (): Promise<{ readonly version: string } | { readonly missing: string }> => {
  try {
    const { stdout } = await run("go", ["env", "GOVERSION"], { cwd: CONTROL_PLANE.dir });
    const version = stdout.trim();
    const [, major = "0", minor = "0"] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
    const enough = Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 26);
    return enough ? { version } : { missing: `the Go on PATH is ${version}, older than 1.26` };
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    return {
      missing:
        code === "ENOENT" ? "no Go on PATH" : `the Go on PATH cannot build here: ${firstLine(stderr ?? String(error))}`,
    };
  }
};

const kubernetesStamps = (version: string): Readonly<Record<string, string>> => {
  const [major = "", minor = ""] = version.replace(/^v/, "").split(".");
  const stamps = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  return Object.fromEntries(
    Object.entries(stamps).map(([name, value]) => [`k8s.io/component-base/version.${name}`, value]),
  );
};

const linkerFlags = (stamps: Readonly<Record<string, string>>): string =>
  ["-s", "-w", ...Object.entries(stamps).map(([name, value]) => `-X ${name}=${value}`)].join(" ");

const build = async (name: keyof typeof PACKAGES, dir: string, flags: string, target: string): Promise<void> => {
  const unfinished = `${target}.${process.pid}.tmp`;
  try {
    await run(
      "go",
      ["build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags", flags, "-o", unfinished, PACKAGES[name]],
      {
        cwd: dir,
        env: { ...process.env, CGO_ENABLED: "0" },
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { force: true });
    const said = ((error as { stderr?: string }).stderr ?? String(error)).trim().split("\n").slice(-10).join("\n");
    throw new Error(
      `go build of ${name} failed in ${dir}. If modules could not be downloaded, check GOPROXY and try again. Go said:\n${said}`,
      { cause: error },
    );
  }
};

/** Builds what is not in the user's cache yet, one builder at a time, and returns the folder that holds all programs of that source. */
export const builtPrograms = async (
  go: string,
  { dir, programs, code = [], module = "k8s.io/kubernetes", stamps = kubernetesStamps }: Source = CONTROL_PLANE,
  onProgress?: OnProgress,
): Promise<string> => {
  const files = await Promise.all(["go.mod", "go.sum", ...code].map((file) => readFile(join(dir, file))));
  const [mod = Buffer.of()] = files;
  const hash = createHash("sha256");
  for (const bytes of files) hash.update(bytes);
  const key = hash.update(`${go} ${process.platform} ${process.arch}`).digest("hex").slice(0, 16);
  const folder = join(cacheRoot(), "controlplane", key);
  const missing = async (): Promise<Source["programs"]> => {
    const there = await Promise.all(programs.map((name) => exists(join(folder, name))));
    return programs.filter((_, index) => !there[index]);
  };
  if ((await missing()).length === 0) return folder;
  const version = new RegExp(`^\\s*(?:require )?${module} (v\\S+)`, "m").exec(mod.toString("utf8"))?.[1];
  if (version === undefined) throw new Error(`${join(dir, "go.mod")} does not require ${module}: restore it from Git`);
  await mkdir(folder, { recursive: true });
  await withLock(join(folder, "lock"), async () => {
    const wanted = await missing();
    for (const [index, name] of wanted.entries()) {
      await reported(
        onProgress,
        `building ${name} ${name === "etcd" ? "" : version}`.trim(),
        wanted.slice(index + 1),
        () => build(name, dir, linkerFlags(stamps(version)), join(folder, name)),
      );
    }
  });
  return folder;
};
