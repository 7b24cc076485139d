import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { goVersion } from "./gobuild.ts";

const CNI_FOLDERS = ["/usr/lib/cni", "/opt/cni/bin"] as const;

/** Programs, and the Debian package each comes from. */
const NEEDED = {
  containerd: "containerd",
  ctr: "containerd",
  "containerd-shim-runc-v2": "containerd",
  runc: "runc",
  nft: "nftables",
  ip: "iproute2",
  mount: "mount",
  unshare: "util-linux",
  nsenter: "util-linux",
  find: "findutils",
} as const;

const there = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const onPath = async (program: string): Promise<boolean> => {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return (await Promise.all(folders.map((folder) => there(join(folder, program))))).includes(true);
};

/** Where the plugins that wire pods are; undefined where there are none. */
export const cniPlugins = async (): Promise<string | undefined> => {
  for (const folder of CNI_FOLDERS) if (await there(join(folder, "ptp"))) return folder;
  return undefined;
};

/** Why no real node can run here, if so: one sentence that says who can change that. */
export const noRealNode = async (): Promise<string | undefined> => {
  if (process.env["ASHAT_TEST_CONTEXT"]) return "the cluster of ASHAT_TEST_CONTEXT has nodes of its own: unset it";
  if (process.platform !== "linux") return `a real node needs Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return "a real node needs root: run this test as root";
  const missing = new Set<string>();
  for (const [program, from] of Object.entries(NEEDED)) if (!(await onPath(program))) missing.add(from);
  if ((await cniPlugins()) === undefined) missing.add("containernetworking-plugins");
  if (missing.size > 0)
    return `a real node needs packages that are not here: apt-get install ${[...missing].join(" ")}`;
  const go = await goVersion();
  return "version" in go ? undefined : `a real node needs a kubelet, which is built once by Go >= 1.26: ${go.missing}`;
};

/** How long a test may wait for its node: the first time kubelet, kube-proxy and DNS server are built. */
export const NODE_PATIENCE_MS = 1_800_000;

/** In CI nothing is skipped: there the test starts and fails with the reason. */
export const skippedReason = async (): Promise<string | undefined> =>
  (process.env["CI"] ?? "") === "" ? noRealNode() : undefined;
