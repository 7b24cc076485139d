import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { type Guarded, startGuarded } from "../cluster/guard.ts";
import { freePorts } from "../cluster/ports.ts";
import { notOwned, sharedCluster } from "../cluster/shared.ts";
import { HELM_PATIENCE_MS, helmProgram, noHelm } from "../cluster/helm.ts";
import { until } from "../cluster/until.ts";
import { codeBlocks } from "../unit/markdown.ts";

/** Runs docs/install.md from top to bottom, as its reader would, with the operator as a process: here is no node. */

const skipped = notOwned(sharedCluster()) ?? (await noHelm());
const run = promisify(execFile);
const ROOT = new URL("../../", import.meta.url).pathname;
const MAIN = join(ROOT, "src/main.ts");
const page = await readFile(join(ROOT, "docs/install.md"), "utf8");

/** What needs nodes, an image or kind; the tests that have a node or build an image run it. */
const NEEDS_NODES = /^(kubectl rollout status|helm test|npm run image|kind |docker |skopeo |ctr )/;
const blocks = codeBlocks(page, "sh").filter((block) => !/^kind /m.test(block));

const FIRST = blocks.findIndex((block) => block.startsWith("helm install"));

let cluster: Cluster;
let dir: string;
let env: NodeJS.ProcessEnv;
let operator: Guarded | undefined;

beforeEach(({ skip }) => {
  if (skipped !== undefined) skip(skipped);
});
beforeAll(async () => {
  if (skipped !== undefined) return;
  [cluster, dir] = await Promise.all([startCluster(), mkdtemp(join(tmpdir(), "ashat-install-"))]);
  for (const folder of ["charts", "manifests"]) await cp(join(ROOT, folder), join(dir, folder), { recursive: true });
  const programs = [dirname(process.execPath), dirname(await helmProgram()), dirname(cluster.kubectlPath)];
  env = {
    PATH: [...programs, process.env["PATH"]].join(":"),
    HOME: join(dir, "home"),
    KUBECONFIG: cluster.kubeconfig,
  };
}, HELM_PATIENCE_MS);
afterAll(async () => {
  await operator?.stop(5000);
  await cluster?.stop();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

const sh = async (script: string): Promise<string> => (await run("sh", ["-euc", script], { cwd: dir, env })).stdout;
const here = (block: string): string =>
  block
    .split("\n")
    .filter((line) => !NEEDS_NODES.test(line))
    .join("\n")
    .replaceAll("npm run -s ashat --", `node ${MAIN}`);

/** What stands in for the pods of the release. */
async function startOperator(): Promise<void> {
  const [port = 0] = await freePorts(1);
  operator = await startGuarded({
    name: "operator",
    command: process.execPath,
    args: [
      MAIN,
      "operator",
      "--order-key-secret=ashat-order-key",
      "--check-image=ashat:test",
      `--health-port=${port}`,
      `--kubeconfig=${await cluster.kubeconfigForServiceAccount("ashat-system", "ashat")}`,
    ],
    logFile: join(dir, "operator.log"),
    env: { PATH: process.env["PATH"] },
  });
  await until("the operator is ready", async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
}

describe("docs/install.md", () => {
  it.each(blocks.map((block, index) => ({ block, index, first: block.split("\n")[0] ?? "" })))(
    "works as it stands: $first",
    async ({ block, index }) => {
      const said = await sh(here(block));
      if (index === FIRST) await startOperator();
      if (block.includes("auth can-i")) expect(said).toContain("[omega]");
    },
  );

  it("was left with nothing of it in the cluster", async () => {
    const left = await sh(
      "kubectl get crd,clusterrole,clusterrolebinding,validatingadmissionpolicy,mutatingadmissionpolicy -o name; kubectl get all,secret -n ashat-system -o name",
    );
    expect(left.split("\n").filter((name) => name.includes("ashat"))).toEqual([]);
  });
});

/** Who leads differs; everything else is as it is written. */
const plain = (line: string): string => line.replace(/^(\[\+\] leader {4})\S+/, "$1<who>");

describe("what docs/install.md says that doctor says", () => {
  it("is what it says", async () => {
    await sh("helm install ashat charts/ashat --namespace ashat-system");
    // The account of the first one went with its release.
    await operator?.stop(5000);
    await startOperator();
    const told =
      codeBlocks(page, "text")
        .find((block) => block.includes("[+] kinds"))
        ?.trim()
        .split("\n") ?? [];
    const said = await sh(`node ${MAIN} doctor`);
    expect(said.trim().split("\n").map(plain)).toEqual(told.map(plain));
  });
});

describe("docs/notifications.md", () => {
  it("has the operator tell somebody, by a Secret, and nothing of it stands in its command", async () => {
    const blocks = codeBlocks(await readFile(join(ROOT, "docs/notifications.md"), "utf8"), "sh");
    await sh(blocks.join("\n"));
    const told = await sh("kubectl get deployment.apps/ashat-operator --namespace ashat-system -o yaml");
    expect(told).toContain("--notify-url-file=/etc/ashat/notify-secret/url");
    expect(told).toContain("secretName: ashat-notify");
    expect(told).not.toContain("hooks.example");
    const secret = await sh(
      "kubectl get secret ashat-notify --namespace ashat-system -o 'go-template={{.data.secret | base64decode}}'",
    );
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=\n$/);
  });
});
