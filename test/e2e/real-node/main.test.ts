import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { buildImage } from "../../../scripts/image/build.ts";
import { OPERATOR_RIGHTS } from "../../../src/api/rbac.ts";
import { verifyChain } from "../../../src/api/record.ts";
import { type Client, createClient } from "../../../src/kube/client.ts";
import { fromKubeconfig } from "../../../src/kube/kubeconfig.ts";
import { CHART, type Helm, openHelm } from "../../cluster/helm.ts";
import { NODE_PATIENCE_MS, skippedReason } from "../../cluster/no-real-node.ts";
import { progressLine } from "../../cluster/progress.ts";
import { usedRights } from "../../cluster/rights.ts";
import { startRealCluster } from "../../cluster/real-node.ts";
import { until } from "../../cluster/until.ts";
import { shellOf } from "../../world/deploy.ts";
import { type Gitops, startGitops } from "../../world/gitops.ts";
import { goesTheMainPath } from "../../world/main-path.ts";
import { server, update } from "../../world/manifests.ts";
import { activations, movesOf, openRoom, type Room } from "../../world/room.ts";
import type { TargetProcesses } from "../../world/target.ts";
import { startWorld, type World } from "../../world/world.ts";
import { goesByCommits } from "./commits.ts";
import { expectRestricted } from "./restricted.ts";
import { promotesByCommits } from "./workload.ts";

// The life of one installation on a real node, in order: Helm installs it from the image, it works, Flux comes and it works from Git, its leaders
// are killed, it is upgraded and taken away. Operator, checks and doctor are pods; servers and their agents, Flux and the Git server are
// processes beside the cluster.

const OPERATOR = "ashat-system";
const IN = [`--namespace=${OPERATOR}`];
const PATIENCE = { timeoutMs: 150_000 } as const;
const RESTRICTED = ["enforce", "warn", "audit"].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
const noImage =
  existsSync("/etc/debian_version") || (process.env["CI"] ?? "") !== ""
    ? undefined
    : "the image is put together from Debian packages: this needs Debian 12 or newer";
const skipped = (await skippedReason()) ?? noImage;

const title = `installed by Helm${skipped === undefined ? "" : ` (skipped: ${skipped})`}`;

describe.skipIf(skipped !== undefined)(title, () => {
  let real: Awaited<ReturnType<typeof startRealCluster>>;
  let helm: Helm;
  let world: World;
  let client: Client;
  let values: string;
  const rooms: Room[] = [];

  const kubectl = async (...args: readonly string[]): Promise<string> =>
    (await real.cluster.kubectl(args)).stdout.trim();
  const restricted = (namespace: string): Promise<string> =>
    kubectl("label", "--overwrite", "namespace", namespace, ...RESTRICTED);
  const newRoom = async (prefix: string): Promise<Room> => {
    const room = await openRoom(real.cluster, client, world, prefix);
    rooms.push(room);
    await restricted(room.namespace);
    return room;
  };
  const serversIn = async (room: Room): Promise<readonly TargetProcesses[]> => {
    const { host } = real.node.network;
    const one = async (tier: "Alpha" | "Public" | "Omega"): Promise<TargetProcesses> => {
      const target = await room.target(tier.toLowerCase(), { host });
      await room.apply(server(room.namespace, tier, target));
      return target;
    };
    return Promise.all([one("Alpha"), one("Public"), one("Omega")]);
  };
  const holder = (): Promise<string> =>
    kubectl("get", "lease", "ashat-operator", ...IN, "--output=jsonpath={.spec.holderIdentity}");
  const anotherLeads = (than: string): Promise<string> =>
    until(
      "another operator leads",
      async () => {
        const now = await holder();
        return now !== "" && now !== than && now;
      },
      { ...PATIENCE, everyMs: 300 },
    );
  const updatesAndRecords = async (): Promise<number> =>
    (await kubectl("get", "deployments.ashat.raos.io,deploymentrecords", "--all-namespaces", "-o", "name")).split("\n")
      .length;
  const podsReady = async (): Promise<number> =>
    (
      await kubectl(
        "get",
        "pods",
        ...IN,
        "--selector=app.kubernetes.io/component=operator",
        '--output=jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}',
      )
    )
      .split(" ")
      .filter((status) => status === "True").length;

  beforeAll(async () => {
    real = await startRealCluster({
      auditLog: true,
      onProgress: (progress) => console.error(progressLine(progress)),
    });
    const { cluster, node } = real;
    client = createClient(await fromKubeconfig(cluster.kubeconfig), {
      fieldManager: "ashat-test",
      userAgent: "ashat-test",
    });
    const archive = join(cluster.dir, "ashat.tar");
    await buildImage({ out: archive, tag: "ashat:test" });
    await node.importImage(archive);
    for (const namespace of [OPERATOR, "main"]) {
      await kubectl("create", "namespace", namespace);
      await restricted(namespace);
    }
    world = await startWorld(cluster, "main", { host: node.network.host });
    await kubectl(
      "create",
      "secret",
      "generic",
      "orders",
      ...IN,
      `--from-file=signing-key.json=${world.keys.orderKey}`,
    );
    values = join(world.dir, "values.yaml");
    await writeFile(
      values,
      stringify({
        image: { repository: "ashat", tag: "test", pullPolicy: "Never" },
        orderKey: { existingSecret: "orders" },
        licences: JSON.parse(await readFile(world.keys.licenceKeys, "utf8")) as object,
      }),
    );
    helm = await openHelm(cluster.kubeconfig);
  }, NODE_PATIENCE_MS);
  afterAll(async () => {
    await Promise.allSettled(rooms.map((room) => room.stop()));
    await world?.stop();
    await helm?.close();
    await client?.close();
    await real?.stop();
  });

  test("two replicas become ready, one leads, and the test of the chart says that all is in force", async () => {
    await helm.run(["install", "ashat", CHART, ...IN, "--values", values, "--wait", "--timeout=120s"]);
    expect(await podsReady()).toBe(2);
    expect(await anotherLeads("")).toMatch(/^ashat-operator-/);
    const { stdout } = await helm.run(["test", "ashat", ...IN, "--timeout=90s"]);
    expect(stdout).toMatch(/Phase:\s+Succeeded/);
  });

  test("an update goes from ALPHA to the mainframes, verified by pods", async () => {
    await goesTheMainPath(real.cluster, world);
    const pods = await kubectl("get", "pods", "-n", "main", "--output=jsonpath={.items[*].spec.containers[*].image}");
    expect(new Set(pods.split(" "))).toEqual(new Set(["ashat:test"]));
  });

  describe("with Flux, which came after it", () => {
    let gitops: Gitops;
    beforeAll(async () => {
      gitops = await startGitops(real.cluster, client, world, real.node.network.host);
    }, NODE_PATIENCE_MS);
    afterAll(() => gitops?.stop());

    test("an update goes from a commit to its end, approved by another commit, and its checks were containers of the node", async () => {
      await goesByCommits(real, world, await newRoom("commits"), gitops, PATIENCE);
    });

    test("what the operator commits is rolled out on the node before anything is checked there", async () => {
      await promotesByCommits(real, await newRoom("promotes"), gitops, PATIENCE);
    });
  });

  test("leaders are killed while agents are at work: others finish, and nothing happens twice", async () => {
    const room = await newRoom("killed");
    const targets = await serversIn(room);
    const release = await world.archives.build({ version: "9.5.0" });
    const fetchedBy = (count: number): Promise<boolean> =>
      until("an agent fetches", () => (world.archives.fetched.get(release.file) ?? 0) >= count, PATIENCE);
    const freeFirst = world.archives.hold(release.file);
    await room.apply(update(room.namespace, "killed", release));
    await fetchedBy(1);
    const first = await holder();
    await kubectl("delete", "pod", first.split("_")[0] ?? "", ...IN, "--grace-period=0", "--force");
    const second = await anotherLeads(first);
    const freeSecond = world.archives.hold(release.file);
    freeFirst();
    await fetchedBy(2);
    await real.node.killContainer(OPERATOR, second.split("_")[0] ?? "", "operator");
    await anotherLeads(second);
    freeSecond();
    await room.approve("ann", "killed", "omega", PATIENCE);
    await room.untilUpdate("killed", ({ phase }) => phase === "Completed", PATIENCE);
    const records = await room.records("killed");
    expect(verifyChain(records)).toEqual([]);
    expect(movesOf(records).filter((move) => move.includes(">Delivering"))).toHaveLength(3);
    for (const target of targets) {
      expect(activations(await room.agent(target))).toEqual([1]);
      expect(await target.version()).toBe("9.5.0");
    }
    await until("both replicas are ready again", async () => (await podsReady()) === 2, PATIENCE);
  });

  test("an upgrade keeps an update that was pushed before, and after its approval the new operator brings it to its end", async () => {
    const room = await newRoom("upgraded");
    const targets = await serversIn(room);
    await world.archives.build({ version: "9.6.0", file: "upgraded.tgz" });
    const ann = await shellOf(real.cluster, world, "ann", room.namespace, {
      ASHAT_ARCHIVE_URL: world.archives.urlOf("{id}.tgz"),
    });
    expect(await ann("deploy push upgraded 'Faster queries'")).toMatchObject({ code: 0 });
    await room.untilUpdate("upgraded", ({ phase }) => phase === "AwaitingApproval", PATIENCE);
    const before = (await room.update("upgraded")).metadata;
    const leader = await holder();
    const setting = ["--set", "operator.logLevel=debug"];
    await helm.run(["upgrade", "ashat", CHART, ...IN, "--values", values, ...setting, "--wait", "--timeout=120s"]);
    await anotherLeads(leader);
    expect((await room.update("upgraded")).metadata).toMatchObject({
      uid: before.uid,
      generation: before.generation,
    });
    expect(await ann("deploy approve upgraded")).toMatchObject({ code: 0 });
    await room.untilUpdate("upgraded", ({ phase }) => phase === "Completed", PATIENCE);
    for (const target of targets) expect(activations(await room.agent(target))).toEqual([1]);
  });

  test("restricted namespaces took every pod, and Pod Security had nothing to say about any", async ({ task }) => {
    const events = await real.cluster.auditEvents();
    task.meta.rights = usedRights(events, OPERATOR_RIGHTS);
    const namespaces = [{ namespace: OPERATOR }, world, ...rooms].map(({ namespace }) => namespace);
    await expectRestricted(real.cluster, events, namespaces);
  });

  test("uninstalled, the operator is gone, and every update and record is left", async () => {
    // The operator lets go what it holds of updates that are deleted.
    await Promise.all(rooms.splice(0).map((room) => room.stop()));
    const before = await updatesAndRecords();
    await helm.run(["uninstall", "ashat", ...IN, "--wait", "--timeout=120s"]);
    await until(
      "no operator is left",
      async () => (await kubectl("get", "pods", ...IN, "-o", "name")) === "",
      PATIENCE,
    );
    expect(await updatesAndRecords()).toBe(before);
  });
});
