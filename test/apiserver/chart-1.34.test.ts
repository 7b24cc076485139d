import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { readPolicies } from "../../src/controllers/gate.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { CHART, type Helm, HELM_PATIENCE_MS, noHelm, openHelm } from "../cluster/helm.ts";
import { untilPoliciesInForce } from "../cluster/install.ts";
import { account } from "../cluster/person.ts";
import { progressLine } from "../cluster/progress.ts";
import { notOwned, sharedCluster } from "../cluster/shared.ts";

/** The chart where the API server cannot stamp. The first time that server is built, which takes some minutes. */

const run = promisify(execFile);
const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;
const skipped = notOwned(sharedCluster()) ?? (await noHelm());

let cluster: Cluster | undefined;
let helm: Helm | undefined;

afterAll(async () => {
  await helm?.close();
  await cluster?.stop();
});

it(
  "the chart finds out by itself that a cluster of 1.34 cannot stamp, and what it installs refuses a forged approval",
  { timeout: 2 * HELM_PATIENCE_MS },
  async ({ skip }) => {
    if (skipped !== undefined) skip(skipped);
    cluster = await startCluster({
      apiServer: "1.34",
      onProgress: (progress) => console.error(progressLine(progress)),
    });
    helm = await openHelm(cluster.kubeconfig);
    const { stdout } = await helm.run(["install", "ashat", CHART, "--namespace=ashat-system", "--create-namespace"]);
    expect(stdout).toContain("This API server does not stamp who acts");
    await untilPoliciesInForce(cluster);
    const operator = await account(cluster, "ashat-system", "ashat");
    expect(await readPolicies(operator.client, "default")).toMatchObject({ state: "InForce", stamps: "Client" });
    await operator.client.close();
    const asked = run(process.execPath, [MAIN, "doctor", `--kubeconfig=${cluster.kubeconfig}`, "--wait=0"]);
    await expect(asked).rejects.toMatchObject({
      stdout: expect.stringContaining(
        "[+] policies  a forged approval is refused; who acts is stamped by the client and checked",
      ),
    });
  },
);
