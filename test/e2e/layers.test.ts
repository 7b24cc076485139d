import { beforeAll, expect, test } from "vitest";
import { API_VERSION } from "../../src/api/group.ts";
import { allowImpersonation, configMap, grant, manifest } from "../delivery/kubernetes-scene.ts";
import { type GitServer, startGitServer } from "../world/git-server.ts";
import { licenceFor, mainframe, server } from "../world/manifests.ts";
import { activations, type Room } from "../world/room.ts";
import { openScene } from "../world/scene.ts";

/** Updates of several layers, on servers with agents and in namespaces of a cluster. */

const scene = openScene();
let git: GitServer;
beforeAll(async () => {
  git = await startGitServer({});
  await scene.world().archives.lay("well", Buffer.from("All is well."));
  return () => git.stop();
});

const layered = ({ namespace }: Room, name: string, version: string, layers: readonly object[]): object => ({
  apiVersion: API_VERSION,
  kind: "Deployment",
  metadata: { namespace, name },
  spec: { version, description: `All of ${version}`, layers },
});

/** An archive for one layer; `main` is what the server serves. */
const part = async (layer: string, version: string, dependsOn: readonly string[] = [], broken = false) => {
  const built = await scene.world().archives.build({ version, layer, file: `${layer}-${version}.tgz` });
  // Nobody has an archive of this digest.
  const [url, sha256] = [built.url, broken ? "0".repeat(64) : built.sha256];
  return { name: layer, version, artifact: { archive: { url, sha256 } }, ...(dependsOn.length > 0 && { dependsOn }) };
};

const runsOn = async (room: Room, at: Parameters<Room["agent"]>[0]): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries((await room.agent(at)).apps.map(({ layer, version }) => [layer, version]));

test.concurrent(
  "layers come to servers and mainframes in their order; what did not change is not touched, and a rollback puts back what was brought",
  async () => {
    const room = await scene.room("layers");
    const { namespace } = room;
    const [staging, omega, one] = [
      await room.target("staging"),
      await room.target("omega"),
      await room.target("cust-1", { licensed: true }),
    ];
    const data = await part("data", "9.4.1");
    await room.apply(
      server(namespace, "Public", staging),
      server(namespace, "Omega", omega),
      mainframe(namespace, "omega", one, await licenceFor(scene.world().keys, namespace, "cust-1")),
      layered(room, "first", "9.4.1", [data, await part("main", "9.4.1", ["data"])]),
    );
    await room.approve("ann", "first", "omega");
    await room.untilUpdate("first", ({ phase }) => phase === "Completed");
    for (const at of [staging, omega, one]) expect(await runsOn(room, at)).toEqual({ data: "9.4.1", main: "9.4.1" });

    await room.apply(layered(room, "second", "9.4.2", [data, await part("main", "9.4.2", ["data"])]));
    await room.approve("ann", "second", "omega");
    const done = await room.untilUpdate("second", ({ phase }) => phase === "Completed");
    for (const at of [staging, omega, one]) {
      expect(await runsOn(room, at)).toEqual({ data: "9.4.1", main: "9.4.2" });
      expect(activations(await room.agent(at))).toEqual([1, 1, 1]);
    }
    expect(await omega.version()).toBe("9.4.2");
    expect((await room.serverStatus("omega")).apps?.[0]?.layers?.map(({ layer, version }) => [layer, version])).toEqual(
      [
        ["data", "9.4.1"],
        ["main", "9.4.2"],
      ],
    );
    const delivered = (await room.records("second")).filter(({ to }) => to === "Delivering");
    expect(delivered.map(({ tier, targets }) => [tier, targets?.[0]?.layers])).toEqual([
      ["public", ["main"]],
      ["omega", ["main"]],
      ["mainframes", ["main"]],
    ]);

    const token = done.tiers?.find(({ name }) => name === "omega")?.token ?? "";
    await room.act("ann", "second", { verb: "rollback", tier: "omega", token, reason: "prices are wrong" });
    await room.untilUpdate("second", ({ phase }) => phase === "RolledBack");
    for (const at of [omega, one]) {
      expect(await runsOn(room, at)).toEqual({ data: "9.4.1", main: "9.4.1" });
      expect(activations(await room.agent(at))).toEqual([1, 1, 1, 1]);
    }
  },
);

test.concurrent(
  "a layer that fails stops what depends on it, not its neighbour; where the server says so, what was applied is put back",
  async () => {
    const room = await scene.room("layer-fails");
    const staging = await room.target("staging");
    await room.apply(
      server(room.namespace, "Public", staging, { onFailure: "Restore" }),
      layered(room, "first", "9.4.1", [
        await part("data", "9.4.1"),
        await part("main", "9.4.1", ["data"]),
        await part("manuals", "9.4.1"),
        await part("web", "9.4.1", ["main"]),
      ]),
    );
    await room.untilUpdate("first", ({ message = "" }) => message.includes("OMEGA Server not configured"));
    await room.apply(
      layered(room, "second", "9.4.2", [
        await part("data", "9.4.2"),
        await part("main", "9.4.2", ["data"], true),
        await part("manuals", "9.4.2"),
        await part("web", "9.4.2", ["main"]),
      ]),
    );
    await room.untilUpdate("second", ({ phase }) => phase === "RolledBack");
    const held = (await room.records("second")).find(({ to }) => to === "Held");
    expect(held?.reason).toBe("LayerFailed");
    expect(held?.message).toContain("staging: layer main: ");
    expect(held?.message).toContain("layer web: not begun, because it depends on main; applied: data, manuals");
    expect(await runsOn(room, staging)).toEqual({ data: "9.4.1", main: "9.4.1", manuals: "9.4.1", web: "9.4.1" });
    expect(await staging.version()).toBe("9.4.1");
  },
);

test.concurrent("layers of a cluster are folders of a commit, each pruned and put back by itself", async () => {
  const room = await scene.room("layer-apply");
  const { namespace } = room;
  await grant(scene.cluster, namespace, "deployer");
  await allowImpersonation(scene.cluster, namespace, "deployer");
  const repository = await git.repository(namespace);
  const commit = (colour: string, more: Readonly<Record<string, string | null>> = {}): Promise<string> =>
    repository.commit({
      "deploy/base/rules.yaml": manifest(configMap("rules", { colour: "grey" })),
      "deploy/shop/shop.yaml": manifest(configMap("shop", { colour })),
      ...more,
    });
  const at = (id: string): object => ({ artifact: { git: { url: repository.url, commit: id } } });
  const apply = (name: string, version: string, id: string) =>
    room.apply(
      layered(room, name, version, [
        { name: "base", ...at(id) },
        { name: "shop", dependsOn: ["base"], ...at(id) },
      ]),
    );
  const colours = async (): Promise<string> => {
    const path = "{range .items[?(@.data.colour)]}{.metadata.name}={.data.colour} {end}";
    const { stdout } = await scene.cluster.kubectl(["get", "configmaps", "-n", namespace, "-o", `jsonpath=${path}`]);
    return stdout.trim();
  };
  await room.apply(
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { namespace, name: "archives" },
      stringData: { "ca.crt": scene.world().ca.certPem },
    },
    {
      apiVersion: API_VERSION,
      kind: "Server",
      metadata: { namespace, name: "staging" },
      spec: {
        tier: "Public",
        url: scene.world().archives.urlOf("well"),
        tls: { caSecretRef: { name: "archives" } },
        checks: { health: { path: "/well" } },
        kubernetes: { serviceAccountName: "deployer", path: "deploy/{layer}", healthySeconds: 1 },
      },
    },
  );
  const first = await commit("red", { "deploy/shop/extra.yaml": manifest(configMap("extra", { colour: "red" })) });
  await apply("first", "1.0.0", first);
  await room.untilUpdate("first", ({ message = "" }) => message.includes("OMEGA Server not configured"));
  expect(await colours()).toBe("extra=red rules=grey shop=red");

  await apply("second", "2.0.0", await commit("blue", { "deploy/shop/extra.yaml": null }));
  const waits = await room.untilUpdate("second", ({ message = "" }) => message.includes("OMEGA Server not configured"));
  expect(await colours()).toBe("rules=grey shop=blue");

  const token = waits.tiers?.find(({ name }) => name === "public")?.token ?? "";
  await room.act("ann", "second", { verb: "rollback", tier: "public", token, reason: "red was better" });
  await room.untilUpdate("second", ({ phase }) => phase === "RolledBack");
  expect(await colours()).toBe("extra=red rules=grey shop=red");
});
