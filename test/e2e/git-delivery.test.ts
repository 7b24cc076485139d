import { afterAll, beforeAll, expect, test } from "vitest";
import { API_VERSION } from "../../src/api/group.ts";
import type { RecordSpec } from "../../src/api/record.ts";
import { issue } from "../cluster/pki.ts";
import { until } from "../cluster/until.ts";
import { openFluxScene, type SyncedRoom } from "../world/flux-scene.ts";
import { CREDENTIALS } from "../world/gitops.ts";
import { type PullRequests, startPullRequests } from "../world/pull-requests.ts";
import { openScene } from "../world/scene.ts";

/** Servers that a team has in a repository which Flux applies: deliveries are commits, and what is waited for is Flux. */

const scene = openScene();
const { room: fluxRoom } = openFluxScene(scene);
beforeAll(() => scene.world().archives.lay("well", Buffer.from("All is well.")));

const hubs: PullRequests[] = [];
afterAll(async () => {
  for (const hub of hubs) await hub.stop();
});

const REF = "registry.example/shop";
const image = (version: string, letter: string): string => `${REF}:${version}@sha256:${letter.repeat(64)}`;
const settings = ({ room }: SyncedRoom, name: string, runs: string): string =>
  `# ${name}: what runs, and nothing else\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop-${name}, namespace: ${room.namespace}}\ndata:\n  image: ${runs} # written by updates\n  replicas: "3"\n`;

/** A server whose page is a file that is there, and which is delivered to by commits under `apps/shop-<name>`. */
const gitServer = ({ room, sync }: SyncedRoom, tier: "Public" | "Omega", waitFor: object = {}): object => ({
  apiVersion: API_VERSION,
  kind: "Server",
  metadata: { namespace: room.namespace, name: tier.toLowerCase() },
  spec: {
    tier,
    url: scene.world().archives.urlOf("well"),
    tls: { caSecretRef: { name: `${sync.name}-git` } },
    git: {
      url: sync.repository.url,
      path: `apps/{app}-${tier.toLowerCase()}`,
      secretRef: { name: `${sync.name}-git` },
      change: [{ yaml: { file: "settings.yaml", path: "/data/image", value: "{ref}:{version}@{digest}" } }],
    },
    waitFor: { kustomization: { name: sync.name }, healthySeconds: 1, ...waitFor },
  },
});

const push = ({ room }: SyncedRoom, name: string, version: string, letter: string): Promise<void> =>
  room.apply({
    apiVersion: API_VERSION,
    kind: "Deployment",
    metadata: { namespace: room.namespace, name },
    spec: {
      app: "shop",
      version,
      description: `Shop ${version}`,
      artifact: { image: { ref: REF, digest: `sha256:${letter.repeat(64)}` } },
    },
  });

/** Flux looks at once when it is asked, and it is whoever runs Flux who lets it be asked. */
const letAsk = async ({ room: { namespace } }: SyncedRoom): Promise<void> => {
  const kinds = ["kustomizations.kustomize.toolkit.fluxcd.io", "gitrepositories.source.toolkit.fluxcd.io"];
  const grant = ["-n", namespace, "--verb=get,patch", `--resource=${kinds.join(",")}`];
  await scene.cluster.kubectl(["create", "role", "ashat-waits", ...grant]);
  const to = ["--role=ashat-waits", "--serviceaccount=ashat-system:ashat", "-n", namespace];
  await scene.cluster.kubectl(["create", "rolebinding", "ashat-waits", ...to]);
};

const applied = async ({ room: { namespace } }: SyncedRoom, name: string): Promise<string> => {
  const { stdout } = await scene.cluster.kubectl([
    "get",
    "configmap",
    `shop-${name}`,
    "-n",
    namespace,
    "-o",
    "jsonpath={.data.image}",
  ]);
  return stdout;
};

const begun = (records: readonly RecordSpec[], to: RecordSpec["to"], tier: string): RecordSpec | undefined =>
  records.findLast((record) => record.to === to && record.tier === tier);

test.concurrent(
  "an update goes to staging and to production by commits that Flux applies, and is taken back by another commit",
  async () => {
    const synced = await fluxRoom("by-commit");
    const { room, sync } = synced;
    await letAsk(synced);
    await sync.push({
      "shop-public/settings.yaml": settings(synced, "public", image("9.4.0", "0")),
      "shop-omega/settings.yaml": settings(synced, "omega", image("9.4.0", "0")),
    });
    await room.apply(gitServer(synced, "Public"), gitServer(synced, "Omega"));
    await push(synced, "first", "9.4.1", "1");
    await room.approve("ann", "first", "omega");
    await room.untilUpdate("first", ({ phase }) => phase === "Completed");
    expect(await applied(synced, "public")).toBe(image("9.4.1", "1"));
    expect(await applied(synced, "omega")).toBe(image("9.4.1", "1"));

    // Somebody else changes another line of the same file meanwhile.
    const busy = settings(synced, "omega", image("9.4.1", "1")).replace('"3"', '"5"');
    await sync.push({ "shop-omega/settings.yaml": busy }, "More of it");
    await push(synced, "second", "9.4.2", "2");
    await room.approve("ann", "second", "omega");
    const done = await room.untilUpdate("second", ({ phase }) => phase === "Completed");
    expect(await sync.repository.read("apps/shop-omega/settings.yaml")).toBe(
      busy.replace(image("9.4.1", "1"), image("9.4.2", "2")),
    );
    expect(await applied(synced, "omega")).toBe(image("9.4.2", "2"));
    const said = (await sync.repository.log()).map(({ message }) => message);
    expect(said.find((message) => message.includes("Ashat-Version: 9.4.2"))).toMatch(/Ashat-Update: second /);
    const delivered = begun(await room.records("second"), "Delivering", "omega");
    expect(said.find((message) => message.includes(`Ashat-Token: ${delivered?.token?.slice(0, 16)}`))).toMatch(
      /Ashat-Approved-By: ann/,
    );

    const token = done.tiers?.find(({ name }) => name === "omega")?.token ?? "";
    await room.act("ann", "second", { verb: "rollback", tier: "omega", token, reason: "orders are lost" });
    await room.untilUpdate("second", ({ phase }) => phase === "RolledBack");
    expect(await sync.repository.read("apps/shop-omega/settings.yaml")).toBe(busy);
    expect(await applied(synced, "omega")).toBe(image("9.4.1", "1"));
    expect(await applied(synced, "public")).toBe(image("9.4.2", "2"));
    expect(begun(await room.records("second"), "RolledBack", "omega")).toMatchObject({
      targets: [{ name: "omega", runs: { version: "9.4.1", digest: `sha256:${"1".repeat(64)}` } }],
    });
  },
);

test.concurrent(
  "each layer is a commit in a folder of its own, in their order, and the time to become well begins with its commit",
  async () => {
    const synced = await fluxRoom("layers-by-commit");
    const { room, sync } = synced;
    const { namespace } = room;
    await letAsk(synced);
    const layers = ["base", "shop"];
    await sync.push(
      Object.fromEntries(
        layers.map((layer) => [`${layer}/settings.yaml`, settings(synced, layer, image("9.4.0", "0"))]),
      ),
    );
    // Two in a row take longer than one of them may.
    const server = gitServer(synced, "Public", { healthySeconds: 15, timeoutSeconds: 25 }) as {
      readonly spec: { readonly git: object };
    };
    const git = { ...server.spec.git, path: "apps/{layer}" };
    await room.apply(
      { ...server, spec: { ...server.spec, git } },
      {
        apiVersion: API_VERSION,
        kind: "Deployment",
        metadata: { namespace, name: "first" },
        spec: {
          app: "shop",
          version: "9.4.1",
          description: "Shop 9.4.1",
          layers: [
            { name: "base", artifact: { image: { ref: REF, digest: `sha256:${"1".repeat(64)}` } } },
            {
              name: "shop",
              dependsOn: ["base"],
              artifact: { image: { ref: REF, digest: `sha256:${"2".repeat(64)}` } },
            },
          ],
        },
      },
    );
    await room.untilUpdate("first", ({ message = "" }) => message.includes("OMEGA Server not configured"), {
      timeoutMs: 120_000,
    });
    const said = (await sync.repository.log()).map(({ message }) => message);
    expect(said.flatMap((message) => /Ashat-Order: \S+\.shop\.(\w+)\./.exec(message)?.[1] ?? [])).toEqual([
      "shop",
      "base",
    ]);
    expect(await applied(synced, "base")).toBe(image("9.4.1", "1"));
    expect(await applied(synced, "shop")).toBe(image("9.4.1", "2"));
  },
);

/** What speaks GitHub's requests over the repository of a room, and the Secret with its token. */
const letPropose = async ({ room, sync }: SyncedRoom): Promise<PullRequests> => {
  const { ca } = scene.world();
  const certificate = await issue(ca, { commonName: "api", ips: ["127.0.0.1"] });
  const { username, password: token } = CREDENTIALS;
  const hub = await startPullRequests(certificate, { repository: sync.repository, name: "acme/deploy", token });
  hubs.push(hub);
  await room.apply({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace: room.namespace, name: "hub" },
    stringData: { username, token, "ca.crt": ca.certPem },
  });
  return hub;
};

const passed = ({ message = "" }): boolean => message.includes("OMEGA Server not configured");

test.concurrent(
  "a pull request is waited for longer than a commit may take, one that is closed holds its update, and the next one goes on",
  async () => {
    const synced = await fluxRoom("by-pull-request");
    const { room, sync } = synced;
    await letAsk(synced);
    const hub = await letPropose(synced);
    await sync.push({ "shop-public/settings.yaml": settings(synced, "public", image("9.4.0", "0")) });
    await sync.repository.protect("main");
    const timeoutSeconds = 20;
    const { spec, ...rest } = gitServer(synced, "Public", { timeoutSeconds }) as {
      readonly spec: { readonly git: object };
    };
    const pullRequest = { repository: "acme/deploy", api: hub.url };
    await room.apply({ ...rest, spec: { ...spec, git: { ...spec.git, secretRef: { name: "hub" }, pullRequest } } });
    const waitsFor = (name: string, number: number) =>
      room.untilUpdate(name, ({ message = "" }) =>
        message.includes(`Waits for somebody to merge https://pages.example/acme/deploy/pull/${number}.`),
      );

    await push(synced, "first", "9.4.1", "1");
    await waitsFor("first", 1);
    const ordered = Date.parse(begun(await room.records("first"), "Delivering", "public")?.time ?? "");
    await until("the order is older than a commit may take", () =>
      Promise.resolve(Date.now() > ordered + timeoutSeconds * 1000),
    );
    expect(await room.untilUpdate("first", () => true)).toMatchObject({ phase: "Delivering" });
    await hub.merge(1, "squash");
    await room.untilUpdate("first", passed);
    expect(await applied(synced, "public")).toBe(image("9.4.1", "1"));

    await push(synced, "second", "9.4.2", "2");
    await waitsFor("second", 2);
    hub.close(2);
    const held = await room.untilUpdate("second", ({ phase }) => phase === "Held");
    expect(held.message).toContain("/acme/deploy/pull/2 was closed and not merged, so nothing was delivered.");

    await push(synced, "third", "9.4.3", "3");
    await waitsFor("third", 3);
    await hub.merge(3, "squash", "Ship it");
    await room.untilUpdate("third", passed);
    expect(await applied(synced, "public")).toBe(image("9.4.3", "3"));
    // No commit tells of the third one: its branch does, and nothing is called drift.
    const branches = await sync.repository.git(["for-each-ref", "--format=%(refname)", "refs/heads/ashat"]);
    expect(branches.trim()).toMatch(/^refs\/heads\/ashat\/\S+\/public\/shop-main-3-[0-9a-f]{8}$/);
    const { conditions = [] } = await room.serverStatus("public");
    expect(conditions.filter(({ type, status }) => type === "Drifted" && status === "True")).toEqual([]);
  },
);

test.concurrent("what Flux cannot apply is not verified: the update is held, and says what Flux said", async () => {
  const synced = await fluxRoom("unhealthy");
  const { room, sync } = synced;
  await letAsk(synced);
  await sync.repository.commit({
    "apps/shop-public/settings.yaml": settings(synced, "public", image("9.4.0", "0")),
    "apps/unknown.yaml": `apiVersion: unknown.example/v1\nkind: Unknown\nmetadata: {name: one, namespace: ${room.namespace}}\n`,
  });
  await room.apply(gitServer(synced, "Public", { timeoutSeconds: 10 }));
  await push(synced, "first", "9.4.1", "1");
  const held = await room.untilUpdate("first", ({ phase }) => phase === "Held");
  expect(held.message).toMatch(/it did not become healthy within 10 s: .*Unknown/);
  expect((await room.jobs()).length).toBe(0);
});

test.concurrent(
  "wrong credentials stop an update before anything is begun, and the Server says whose Secret it is",
  async () => {
    const synced = await fluxRoom("credentials");
    const { room, sync } = synced;
    const { namespace } = room;
    const wrong = { username: "flux", password: "a-wrong-password" };
    await room.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { namespace, name: "wrong" },
      stringData: { ...wrong, "ca.crt": scene.world().ca.certPem },
    });
    const { spec, ...rest } = gitServer(synced, "Public") as { readonly spec: { readonly git: object } };
    await room.apply({ ...rest, spec: { ...spec, git: { ...spec.git, secretRef: { name: "wrong" } } } });
    await push(synced, "first", "9.4.1", "1");
    const waits = await room.untilUpdate(
      "first",
      ({ blockedBy }) => blockedBy?.some(({ gate }) => gate === "reachable") === true,
    );
    expect(waits.message).toMatch(/does not accept the credentials/);
    const { conditions = [] } = await room.serverStatus("public");
    expect(conditions.find(({ type }) => type === "Ready")).toMatchObject({ status: "False" });
    expect(JSON.stringify([waits, conditions])).not.toContain(wrong.password);
    expect((await sync.repository.log()).some(({ message }) => message.includes("Ashat-"))).toBe(false);
  },
);
