import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { API_VERSION } from "../../src/api/group.ts";
import { bundleInto } from "../../scripts/image/bundle.ts";
import { BUNDLED_IMAGE, bundledProgram, bundleFolder } from "../cluster/bundled.ts";
import type { Guarded } from "../cluster/guard.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { allowImpersonation, configMap, grant, manifest } from "../delivery/kubernetes-scene.ts";
import { startGitServer } from "../world/git-server.ts";
import { goesTheMainPath } from "../world/main-path.ts";
import { startOperator } from "../world/operator.ts";
import { startWorld, type World } from "../world/world.ts";

const cluster = sharedCluster();
const entry = bundledProgram(cluster);
let world: World;
let operator: Guarded;

beforeAll(async () => {
  await bundleInto(bundleFolder(cluster));
  world = await startWorld(cluster, await newNamespace(cluster, "bundled"));
  operator = await startOperator(cluster, world.keys, world.dir, { entry, image: BUNDLED_IMAGE });
});

afterAll(async () => {
  await operator?.stop(10_000);
  await world?.stop();
});

test("operator, agents and checks are the bundled program, and an update goes the same way", async ({ skip }) => {
  skip(!cluster.owned, "the nodes of somebody's cluster know no image of the bundle: unset ASHAT_TEST_CONTEXT");
  await goesTheMainPath(cluster, world, { entry });
});

test("manifests of a commit are read by a thread of the bundled program, and applied", async ({ skip }) => {
  skip(!cluster.owned, "the nodes of somebody's cluster know no image of the bundle: unset ASHAT_TEST_CONTEXT");
  const namespace = await newNamespace(cluster, "bundled-apply");
  const here = await startWorld(cluster, namespace);
  const git = await startGitServer();
  onTestFinished(async () => {
    await git.stop();
    await here.stop();
  });
  await grant(cluster, namespace, "deployer");
  await allowImpersonation(cluster, namespace, "deployer");
  await here.archives.lay("well", Buffer.from("All is well."));
  const files = { "deploy/shop.yaml": manifest(configMap("shop", { colour: "red" })) };
  const repository = await git.repository("bundled", { files });
  await here.apply(
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { namespace, name: "archives" },
      stringData: { "ca.crt": here.ca.certPem },
    },
    {
      apiVersion: API_VERSION,
      kind: "Server",
      metadata: { namespace, name: "staging" },
      spec: {
        tier: "Public",
        url: here.archives.urlOf("well"),
        tls: { caSecretRef: { name: "archives" } },
        checks: { health: { path: "/well" } },
        kubernetes: { serviceAccountName: "deployer", path: "deploy", healthySeconds: 1 },
      },
    },
    {
      apiVersion: API_VERSION,
      kind: "Deployment",
      metadata: { namespace, name: "first" },
      spec: {
        version: "1.0.0",
        description: "Shop 1.0.0",
        artifact: { git: { url: repository.url, commit: await repository.head() } },
      },
    },
  );
  await here.untilUpdate("first", ({ tier }) => tier === "omega");
  const args = ["get", "configmap", "shop", "-n", namespace, "-o", "jsonpath={.data.colour}"];
  expect((await cluster.kubectl(args)).stdout).toBe("red");
});
