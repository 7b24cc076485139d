import { beforeAll, expect, test } from "vitest";
import { installKinds } from "../cluster/foreign-kinds.ts";
import { account } from "../cluster/person.ts";
import { server, update } from "../world/manifests.ts";
import { openScene } from "../world/scene.ts";

/** Argo CD itself does not run here: its kind is the real one, and what it would write of an Application is written by the test. */

const scene = openScene();
beforeAll(() => installKinds(scene.cluster, "argocd"), 900_000);

const REVISION = "4f2a000000000000000000000000000000000000";

test("records of what Argo CD applied name its Application and the revision it was at, of what others applied nothing", async () => {
  const room = await scene.room("argo-source");
  const { namespace } = room;
  const { kubectl } = scene.cluster;
  await kubectl(["create", "serviceaccount", "argocd-application-controller", "-n", namespace]);
  for (const role of ["ashat-editor", "ashat-approver-omega"])
    await kubectl([
      "create",
      "rolebinding",
      `argocd-${role}`,
      `--clusterrole=${role}`,
      `--serviceaccount=${namespace}:argocd-application-controller`,
      "-n",
      namespace,
    ]);
  const bot = await account(scene.cluster, namespace, "argocd-application-controller");
  const application = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { namespace, name: "shop" },
    spec: { project: "default", source: { repoURL: "https://git.example/deploy" }, destination: { namespace } },
    status: {
      resources: [{ group: "ashat.raos.io", kind: "Deployment", namespace, name: "first", version: "v1alpha1" }],
      operationState: {
        operation: {},
        phase: "Running",
        startedAt: "2030-01-01T00:00:00Z",
        syncResult: { revision: REVISION, source: { repoURL: "https://git.example/deploy" } },
      },
    },
  };
  const [staging, omega] = [await room.target("staging"), await room.target("omega")];
  const approval = { required: 1, author: "Allow", syncBots: [bot.user] };
  await room.apply(application, server(namespace, "Public", staging), server(namespace, "Omega", omega, { approval }));

  const tracked = (name: string, annotations: Readonly<Record<string, string>>, release: object): object => ({
    ...release,
    metadata: {
      name,
      namespace,
      annotations: {
        "argocd.argoproj.io/tracking-id": `shop:ashat.raos.io/Deployment:${namespace}/${name}`,
        ...annotations,
      },
    },
  });
  const first = update(namespace, "first", await scene.world().archives.build({ version: "9.4.1" }));
  await bot.applies(tracked("first", {}, first), "--server-side", "--field-manager=argocd-controller");
  const waits = await room.untilUpdate("first", ({ phase }) => phase === "AwaitingApproval");
  const approve = { "approve.ashat.raos.io/omega": `${waits.token?.value ?? ""} in Git` };
  await bot.applies(tracked("first", approve, first), "--server-side", "--field-manager=argocd-controller");
  await room.untilUpdate("first", ({ phase }) => phase === "Completed");
  const source = { kind: "Application", namespace, name: "shop", revision: REVISION };
  const records = await room.records("first");
  expect(records[0]?.actor).toEqual({ name: bot.user, known: "Admission", source });
  expect(records.find(({ reason }) => reason === "Approved")?.actor).toEqual({
    name: bot.user,
    known: "Admission",
    source,
  });
  expect(records.filter(({ actor }) => actor.known === "Operator").every(({ actor }) => !("source" in actor))).toBe(
    true,
  );
});
