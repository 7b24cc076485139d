import { stringify } from "yaml";
import type { NodeNetwork } from "./node-network.ts";

/** The image that holds a pod's namespaces open, and that tests run; `docker-archive.ts` makes it of one program. */
export const PROBE_IMAGE = "ashat-probe:test";

const SOCKET = "/run/containerd/containerd.sock";

/** Containerd of the node, with its usual paths: `/run` and `/var` are the node's own. */
export const containerdConfig = (cniPlugins: string, cniConfig: string): string => `version = 2
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PROBE_IMAGE}"
  # Nobody here may make a process less likely to be killed; runc fails without a word when it tries.
  restrict_oom_score_adj = true
  disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${cniPlugins}"
  conf_dir = "${cniConfig}"
`;

// Every pod at a wire of its own: then also what pods of one node say to each other through a Service is routed, and translated back.
export const cniConfig = ({ pods }: NodeNetwork): string =>
  JSON.stringify({
    cniVersion: "1.0.0",
    name: "ashat",
    plugins: [
      {
        type: "ptp",
        ipMasq: false,
        ipam: { type: "host-local", ranges: [[{ subnet: pods }]], routes: [{ dst: "0.0.0.0/0" }] },
      },
    ],
  });

export const kubeletConfig = ({ node }: NodeNetwork, caFile: string, controlGroup: string): string =>
  stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: caFile } },
    authorization: { mode: "Webhook" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: controlGroup,
    failCgroupV1: false,
    failSwapOn: false,
    containerRuntimeEndpoint: `unix://${SOCKET}`,
    clusterDNS: [node],
    clusterDomain: "cluster.local",
    // No name of the machine it runs on is asked for anywhere.
    resolvConf: "",
    volumePluginDir: "/var/lib/kubelet/volume-plugins",
    oomScoreAdj: 0,
    makeIPTablesUtilChains: false,
    // A full disk of the machine is no matter of a test.
    evictionHard: { "memory.available": "0%", "nodefs.available": "0%", "imagefs.available": "0%" },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
  });

export const proxyConfig = (name: string, { pods }: NodeNetwork, kubeconfig: string): string =>
  stringify({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    hostnameOverride: name,
    clusterCIDR: pods,
    clientConnection: { kubeconfig },
    oomScoreAdj: 0,
    // These belong to the machine below.
    conntrack: { maxPerCore: 0, min: 0 },
    nftables: { minSyncPeriod: "0s", syncPeriod: "30s" },
  });

export const dnsConfig = ({ node }: NodeNetwork, kubeconfig: string): string => `cluster.local:53 {
  bind ${node}
  errors
  ready ${node}:8181
  kubernetes cluster.local {
    kubeconfig ${kubeconfig}
    ttl 1
  }
}
`;
