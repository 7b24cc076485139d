import { expect, test } from "vitest";
import type { DeploymentStatus } from "../../src/api/deployment.ts";
import { until } from "../cluster/until.ts";
import { openFluxScene, withApproval } from "../world/flux-scene.ts";
import { startInProcess } from "../world/in-process.ts";
import { server, update } from "../world/manifests.ts";
import { openScene } from "../world/scene.ts";

const scene = openScene();
const { flux, room: fluxRoom, expectRest } = openFluxScene(scene);

const release = (file: string, version: string) => scene.world().archives.build({ version, file: `flux-${file}.tgz` });
const approvals = ({ blockedBy }: DeploymentStatus) => blockedBy?.find(({ gate }) => gate === "approvals");
const waits = (status: DeploymentStatus): boolean => status.phase === "AwaitingApproval" && status.tier === "omega";

test.concurrent("a namespace, a Secret, an update and its servers come from Git, the update first", async () => {
  const { room, sync } = await fluxRoom("whole");
  const namespace = `${room.namespace}-new`;
  const { ca, dir, keys } = scene.world();
  const [staging, omega] = await Promise.all(
    ["staging", "omega"].map((name) => startInProcess({ namespace, name, dir, ca, keys })),
  );
  if (staging === undefined || omega === undefined) throw new Error("two servers were started");
  await sync.push({
    "namespace.yaml": { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    "first.yaml": update(namespace, "first", await release("whole", "9.4.2")),
  });
  const untilSaid = async (path: string, hoped: string): Promise<boolean> =>
    until(`${path} has ${hoped}`, async () => {
      const asked = ["get", "deployments.ashat.raos.io/first", "-n", namespace, `-o=jsonpath={${path}}`];
      return (await scene.cluster.kubectl(asked)).stdout.includes(hoped);
    });
  await untilSaid(".status.message", "Public Server not configured: ");
  const byCa = { tls: { caSecretRef: { name: "ca" } } };
  const files = {
    "staging.yaml": server(namespace, "Public", staging, byCa),
    "omega.yaml": server(namespace, "Omega", omega, { ...byCa, approval: { syncBots: [flux().account] } }),
    "ca.yaml": {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { namespace, name: "ca" },
      stringData: { "ca.crt": ca.certPem },
    },
  };
  await sync.push(files, "Where it goes");
  await untilSaid(".status.phase", "AwaitingApproval");
  expect(await staging.version()).toBe("9.4.2");
  // All of it goes with the namespace, and nothing is held back.
  await sync.push({
    "namespace.yaml": null,
    "first.yaml": null,
    ...Object.fromEntries(Object.keys(files).map((name) => [name, null])),
  });
  await scene.cluster.kubectl(["wait", "--for=delete", `namespace/${namespace}`, "--timeout=60s"]);
  await Promise.all([staging.stop(), omega.stop()]);
});

/** All that kustomize does to every object of a kind named Deployment. */
const transformed = (team: string, more: object = {}) => ({
  apiVersion: "kustomize.config.k8s.io/v1beta1",
  kind: "Kustomization",
  resources: ["first.yaml"],
  namePrefix: "prod-",
  commonLabels: { team },
  labels: [{ pairs: { part: "shop" }, includeTemplates: true }],
  commonAnnotations: { owner: team },
  images: [{ name: "raos", newTag: "9.4.2" }],
  ...more,
});

test.concurrent("what kustomize does to every Deployment goes through Flux, and later too", async () => {
  const synced = await fluxRoom("kustomized");
  const { room, sync } = synced;
  const { namespace } = room;
  const [staging, omega] = [await room.target("staging"), await room.target("omega")];
  await room.apply(
    server(namespace, "Public", staging),
    server(namespace, "Omega", omega, { approval: { syncBots: [flux().account] } }),
  );
  const one = update(namespace, "first", await release("kustomized", "9.4.2"));
  await sync.push({ "first.yaml": one, "kustomization.yaml": transformed("red") });
  const token = approvals(await room.untilUpdate("prod-first", waits))?.token ?? "";
  expect((await room.update("prod-first")).metadata).toMatchObject({
    labels: { team: "red", part: "shop" },
    annotations: { owner: "red" },
  });
  await expectRest(synced, "prod-first");

  const later = await sync.push({ "kustomization.yaml": transformed("blue") }, "Another team");
  expect(await sync.settled(later)).toMatchObject({ status: "True" });
  expect((await room.update("prod-first")).metadata.labels).toMatchObject({ team: "blue" });

  // An approval that comes with another change of the update is refused, and comes by itself then.
  const both = { "first.yaml": withApproval(one, token), "kustomization.yaml": transformed("green") };
  expect((await sync.settled(await sync.push(both, "Approved, and another team again"))).message).toContain(
    "a request that acts on an update may change nothing else of it: send the other change by itself",
  );
  await sync.push({ "kustomization.yaml": transformed("blue") }, "First the approval");
  await room.untilUpdate("prod-first", ({ phase }) => phase === "Completed");
  const green = await sync.push({ "kustomization.yaml": transformed("green") }, "Then the other team");
  expect(await sync.settled(green)).toMatchObject({ status: "True" });

  const refused = await sync.push({
    "kustomization.yaml": transformed("green", { replicas: [{ name: "first", count: 3 }] }),
  });
  const { status, message } = await sync.settled(refused);
  expect(status).toBe("False");
  expect(message).toContain(
    "an update has no replicas: kustomize's `replicas` meant deployments.apps, take this name out of it",
  );
});
