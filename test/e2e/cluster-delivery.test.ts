import { afterAll, beforeAll, expect, test } from "vitest";
import { API_VERSION } from "../../src/api/group.ts";
import { allowImpersonation, configMap, grant, manifest } from "../delivery/kubernetes-scene.ts";
import { type GitServer, type ServedRepository, startGitServer } from "../world/git-server.ts";
import { until } from "../cluster/until.ts";
import { movesOf, type Room } from "../world/room.ts";
import { openScene } from "../world/scene.ts";

/** Servers that are namespaces of a cluster: deliveries are manifests of a commit, applied in the name of an account of that namespace. */

/** What was delivered is looked at closely twice a minute. */
const WITHIN_TWO_MINUTES = { timeoutMs: 120_000, everyMs: 500 };
const scene = openScene();
let git: GitServer;
beforeAll(async () => {
  git = await startGitServer({});
  await scene.world().archives.lay("well", Buffer.from("All is well."));
});
afterAll(() => git?.stop());

const clusterServer = ({ namespace }: Room, tier: "Public" | "Omega", more: object = {}): object => ({
  apiVersion: API_VERSION,
  kind: "Server",
  metadata: { namespace, name: tier.toLowerCase() },
  spec: {
    tier,
    url: scene.world().archives.urlOf("well"),
    tls: { caSecretRef: { name: "archives" } },
    checks: { health: { path: "/well" } },
    kubernetes: { serviceAccountName: "deployer", path: `deploy/${tier.toLowerCase()}`, healthySeconds: 1 },
    ...more,
  },
});

const prepared = async (prefix: string): Promise<{ readonly room: Room; readonly repository: ServedRepository }> => {
  const room = await scene.room(prefix);
  const { namespace } = room;
  await grant(scene.cluster, namespace, "deployer");
  await room.apply({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace, name: "archives" },
    stringData: { "ca.crt": scene.world().ca.certPem },
  });
  await room.apply(clusterServer(room, "Public"), clusterServer(room, "Omega"));
  return { room, repository: await git.repository(namespace) };
};

const push = ({ namespace, apply }: Room, { url }: ServedRepository, name: string, version: string, commit: string) =>
  apply({
    apiVersion: API_VERSION,
    kind: "Deployment",
    metadata: { namespace, name },
    spec: { version, description: `Shop ${version}`, artifact: { git: { url, commit } } },
  });

/** One map for each of the tiers, and from the second release on another one. */
const release = (colour: string, more: readonly string[] = []): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ["public", "omega"].flatMap((tier) =>
      ["shop", ...more].map((name) => [
        `deploy/${tier}/${name}.yaml`,
        manifest(configMap(`${name}-${tier}`, { colour })),
      ]),
    ),
  );

const colours = async ({ namespace }: Room): Promise<Readonly<Record<string, string>>> => {
  const path = "{range .items[?(@.data.colour)]}{.metadata.name}={.data.colour} {end}";
  const { stdout } = await scene.cluster.kubectl(["get", "configmaps", "-n", namespace, "-o", `jsonpath=${path}`]);
  return Object.fromEntries(
    stdout
      .trim()
      .split(" ")
      .map((pair) => pair.split("=") as [string, string]),
  );
};

test.concurrent(
  "manifests of a commit are applied tier by tier, pruned when they are gone, and put back by a rollback",
  async () => {
    const { room, repository } = await prepared("by-apply");
    await allowImpersonation(scene.cluster, room.namespace, "deployer");
    await push(room, repository, "first", "1.0.0", await repository.commit(release("red", ["extra"])));
    await room.untilUpdate("first", ({ phase }) => phase === "AwaitingApproval");
    expect(await colours(room)).toEqual({ "shop-public": "red", "extra-public": "red" });
    await room.approve("ann", "first", "omega");
    await room.untilUpdate("first", ({ phase }) => phase === "Completed");

    const gone = Object.fromEntries(["public", "omega"].map((tier) => [`deploy/${tier}/extra.yaml`, null]));
    await push(room, repository, "second", "2.0.0", await repository.commit({ ...release("blue"), ...gone }));
    await room.approve("ann", "second", "omega");
    const done = await room.untilUpdate("second", ({ phase }) => phase === "Completed");
    expect(await colours(room)).toEqual({ "shop-public": "blue", "shop-omega": "blue" });

    const token = done.tiers?.find(({ name }) => name === "omega")?.token ?? "";
    await room.act("ann", "second", { verb: "rollback", tier: "omega", token, reason: "red was better" });
    await room.untilUpdate("second", ({ phase }) => phase === "RolledBack");
    expect(await colours(room)).toEqual({ "shop-public": "blue", "shop-omega": "red", "extra-omega": "red" });
  },
);

test.concurrent(
  "where the operator may not act as the account nothing is begun, and the command that lets it is given",
  async () => {
    const { room, repository } = await prepared("no-account");
    await push(room, repository, "first", "1.0.0", await repository.commit(release("red")));
    const waits = await room.untilUpdate("first", ({ blockedBy }) => blockedBy?.[0]?.gate === "reachable");
    expect(waits.message).toContain(`kubectl create role ashat-as-deployer -n ${room.namespace} --verb=impersonate`);
    await allowImpersonation(scene.cluster, room.namespace, "deployer");
    await room.untilUpdate("first", ({ phase }) => phase === "AwaitingApproval");
  },
);

const patch = (...what: readonly string[]) =>
  scene.cluster.kubectl(["patch", "--field-manager=kubectl-edit", "--type=merge", ...what]);

test.concurrent(
  "what somebody changed with another tool is won back where the server says Heal, and left alone where it does not",
  async () => {
    const { room, repository } = await prepared("won-back");
    const { namespace } = room;
    await room.apply(clusterServer(room, "Public", { drift: "Heal" }));
    await allowImpersonation(scene.cluster, namespace, "deployer");
    await push(room, repository, "first", "1.0.0", await repository.commit(release("red")));
    await room.approve("ann", "first", "omega");
    await room.untilUpdate("first", ({ phase }) => phase === "Completed");
    for (const name of ["shop-public", "shop-omega"])
      await patch("-n", namespace, "configmap", name, '--patch={"data":{"colour":"green"}}');
    await until("public is as it was", async () => (await colours(room))["shop-public"] === "red", WITHIN_TWO_MINUTES);
    await until(
      "omega is told",
      async () =>
        (await room.serverStatus("omega")).conditions?.some(
          ({ type, status }) => type === "Drifted" && status === "True",
        ),
      WITHIN_TWO_MINUTES,
    );
    expect(await colours(room)).toEqual({ "shop-public": "red", "shop-omega": "green" });
    expect(movesOf(await room.records("first"))).toContain("public Passed>Delivering DriftHealed");
  },
);
