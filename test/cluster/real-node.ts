import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { accessTo, type ClusterAccess } from "./access.ts";
import { findNodePrograms, type NodeBinaries } from "./binaries.ts";
import { makeControlGroup } from "./cgroups.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { writeProgramImage } from "./docker-archive.ts";
import { type Guarded, removeAtDeath, tailOfLog } from "./guard.ts";
import { cniPlugins, noRealNode } from "./no-real-node.ts";
import { cniConfig, containerdConfig, dnsConfig, kubeletConfig, PROBE_IMAGE, proxyConfig } from "./node-config.ts";
import { type NodeMachine, startMachine } from "./node-machine.ts";
import { type NodeNetwork, nodeNetwork } from "./node-network.ts";
import { type OnProgress, reported } from "./progress.ts";
import { until } from "./until.ts";

const run = promisify(execFile);

export interface RealNodeOptions {
  /** Of `startCluster({ address: network.host })`. */
  readonly cluster: ClusterAccess;
  readonly network: NodeNetwork;
  /** Archives (as `docker save` writes them) to import before the node is ready; `PROBE_IMAGE` is always there. */
  readonly images?: readonly string[];
  readonly name?: string;
  readonly onProgress?: OnProgress;
}

export interface RealNode {
  readonly name: string;
  readonly network: NodeNetwork;
  /** Where everything on its disk is; its control groups have the name of this folder. */
  readonly dir: string;
  /** Pods name it by its tag, with `imagePullPolicy: Never`. */
  readonly importImage: (archive: string) => Promise<void>;
  /** The node's containerd, from outside. */
  readonly ctr: (...args: readonly string[]) => Promise<string>;
  /** Kills the first process of a container, as running out of memory would. */
  readonly killContainer: (namespace: string, pod: string, container: string) => Promise<void>;
  readonly logFile: (program: "containerd" | "kubelet" | "kube-proxy" | "coredns") => string;
  readonly stop: () => Promise<void>;
}

/** What every program on the node reads, written where it looks for it. */
const configure = async (dir: string, { cluster, network }: RealNodeOptions, name: string, group: string) => {
  const etc = join(dir, "etc");
  const cni = join(etc, "cni");
  await mkdir(cni, { recursive: true });
  const inside = accessTo({
    ...cluster,
    server: `https://${network.host}:${new URL(cluster.server).port}`,
  });
  const [kubelet, proxy, dns] = await Promise.all([
    inside.kubeconfigFor(`system:node:${name}`, ["system:nodes"]),
    inside.kubeconfigFor("system:kube-proxy"),
    inside.kubeconfigFor("coredns"),
    cluster.kubectl(["create", "clusterrolebinding", "coredns", "--clusterrole=view", "--user=coredns"]),
  ]);
  const write = async (file: string, text: string): Promise<string> => {
    await writeFile(join(etc, file), text);
    return join(etc, file);
  };
  const caFile = await write("ca.crt", cluster.caPem);
  const plugins = await cniPlugins();
  if (plugins === undefined) throw new Error("there are no CNI plugins here");
  await write("cni/ashat.conflist", cniConfig(network));
  return {
    kubeconfig: kubelet,
    containerd: await write("containerd.toml", containerdConfig(plugins, cni)),
    kubelet: await write("kubelet.yaml", kubeletConfig(network, caFile, group)),
    proxy: await write("kube-proxy.yaml", proxyConfig(name, network, proxy)),
    dns: await write("Corefile", dnsConfig(network, dns)),
  };
};

/** Starts programs; the signal tells, with the end of its log, when one of them ended by itself. */
const watched = (machine: NodeMachine) => {
  const died = new AbortController();
  const notice = async ({ name, exited, logFile }: Guarded): Promise<void> => {
    const { code, signal } = await exited;
    if (machine.stopping()) return;
    died.abort(new Error(`${name} of the node ended (${signal ?? code}); the end of its log:\n${tailOfLog(logFile)}`));
  };
  return {
    signal: died.signal,
    start: async (name: string, command: string, args: readonly string[]): Promise<void> => {
      void notice(await machine.start({ name, command, args }));
    },
  };
};

const startPrograms = async (
  machine: NodeMachine,
  { kubelet, "kube-proxy": proxy, coredns, probe }: NodeBinaries,
  options: RealNodeOptions,
  name: string,
  group: string,
  dir: string,
) => {
  const { cluster, network, images = [] } = options;
  const socket = machine.outside("/run/containerd/containerd.sock");
  const ctr = async (...args: readonly string[]): Promise<string> =>
    (await run("ctr", ["--address", socket, "--namespace", "k8s.io", ...args], { maxBuffer: 2 ** 26 })).stdout;
  const importImage = async (archive: string): Promise<void> => {
    await ctr("images", "import", archive);
  };
  const { signal, start } = watched(machine);
  const config = await configure(dir, options, name, group);
  const probeArchive = join(dir, "probe.tar");
  await Promise.all([
    start("containerd", "containerd", ["--config", config.containerd]),
    start("coredns", coredns, ["-conf", config.dns]),
    start("kube-proxy", proxy, ["--config", config.proxy]),
    writeProgramImage(probe, PROBE_IMAGE, probeArchive),
  ]);
  await until("containerd answers", () => ctr("version"), { signal });
  await importImage(probeArchive);
  await start("kubelet", kubelet, [
    `--config=${config.kubelet}`,
    `--kubeconfig=${config.kubeconfig}`,
    `--hostname-override=${name}`,
    `--node-ip=${network.node}`,
  ]);
  for (const archive of images) await importImage(archive);
  await until(
    `node ${name} is ready`,
    async () =>
      (
        await cluster.kubectl([
          "get",
          "node",
          name,
          '--output=jsonpath={.status.conditions[?(@.type=="Ready")].status}',
        ])
      ).stdout === "True",
    { signal, timeoutMs: 90_000, everyMs: 300 },
  );
  await until(
    "the DNS server of the node is ready",
    async () => (await fetch(`http://${network.node}:8181/ready`)).ok,
    {
      signal,
    },
  );
  const killContainer = async (namespace: string, pod: string, container: string): Promise<void> => {
    const id = `{.status.containerStatuses[?(@.name=="${container}")].containerID}`;
    const { stdout } = await cluster.kubectl(["get", "pod", pod, "-n", namespace, `--output=jsonpath=${id}`]);
    await ctr("tasks", "kill", "--signal", "SIGKILL", stdout.replace("containerd://", ""));
  };
  return { ctr, importImage, killContainer };
};

/**
 * A real node: the kubelet, containerd with runc, kube-proxy and a DNS server, in namespaces of their own (`node-machine.ts`). Nothing of it
 * outlives `stop`, or this process, however it ends. Network policies are not enforced here.
 */
export const startRealNode = async (options: RealNodeOptions): Promise<RealNode> => {
  const reason = await noRealNode();
  if (reason !== undefined) throw new Error(reason);
  const { network, name = "real", onProgress } = options;
  const binaries = await findNodePrograms(onProgress);
  const dir = await mkdtemp(join(tmpdir(), "ashat-node-"));
  removeAtDeath(dir);
  const group = await makeControlGroup(basename(dir));
  let machine: NodeMachine | undefined;
  const stop = async (): Promise<void> => {
    await machine?.stop();
    await group.remove();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const started = await startMachine(dir, network);
    machine = started;
    const parts = await reported(onProgress, "starting containerd, kubelet, kube-proxy, CoreDNS", [], () =>
      startPrograms(started, binaries, options, name, group.name, dir),
    );
    return { name, network, dir, ...parts, logFile: started.logFile, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** A control plane with one real node. */
export const startRealCluster = async (
  options: Pick<RealNodeOptions, "images" | "onProgress"> & { readonly auditLog?: boolean } = {},
): Promise<{ readonly cluster: Cluster; readonly node: RealNode; readonly stop: () => Promise<void> }> => {
  const { auditLog = false, ...rest } = options;
  const network = nodeNetwork();
  const { onProgress } = options;
  const cluster = await startCluster({ address: network.host, auditLog, ...(onProgress && { onProgress }) });
  try {
    const node = await startRealNode({ cluster, network, ...rest });
    return {
      cluster,
      node,
      stop: async () => {
        await node.stop();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
};
