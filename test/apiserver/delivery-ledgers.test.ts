import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { findLedger, type Ledger, writeLedger } from "../../src/delivery/kubernetes/ledger.ts";
import { type LayerId, labelsOf, ledgerName } from "../../src/delivery/kubernetes/ledger-name.ts";
import { sha256 } from "../../src/api/hash.ts";
import { orderKey } from "../../src/api/order.ts";
import { person } from "../cluster/person.ts";
import { CONFIG_MAPS, SECRETS } from "../cluster/pod.ts";
import { configMap, type KubernetesScene, manifest, newProof, wordsOf } from "../delivery/kubernetes-scene.ts";
import { openStages } from "../delivery/kubernetes-stage.ts";

/** What is written down in a cluster about deliveries, where others may write Secrets, too. */

const { signal } = new AbortController();
const ID: LayerId = { target: "shop", app: "default", layer: "main" };
const { cluster, root, stage: bare } = openStages("ledger");

const stage = async (more: Parameters<typeof bare>[0] = {}) => {
  const { namespace, scene } = await bare(more);
  const colour = async (name: string): Promise<string | undefined> =>
    (await root().client.find(CONFIG_MAPS, { namespace, name }))?.data?.["colour"];
  return { namespace, scene, colour };
};

const packed = (value: unknown): string => gzipSync(JSON.stringify(value)).toString("base64");

const without = (data: Readonly<Record<string, string>>, key: string): object =>
  Object.fromEntries(Object.entries(data).filter(([name]) => name !== key));

/** A book as the real ones are, of something that is to be applied at once. */
const bookOf = (scene: KubernetesScene, { app, layer }: LayerId) => {
  const { namespace, uid } = scene.place.target;
  const release = { sequence: 1, version: "1.0.0", digest: `sha256:${"a".repeat(64)}` };
  return {
    owner: `${namespace}/shop`,
    inventory: [],
    entries: [
      {
        key: orderKey({ targetUid: uid, app, layer, sequence: 1 }),
        ...release,
        action: "deliver" as const,
        release: 1,
        state: "Switching" as const,
        reason: "Switching",
        message: "It is being applied.",
        at: new Date().toISOString(),
        applied: false,
        update: "none",
      },
    ],
    releases: [{ ...release, modules: [], good: false }],
  };
};

const assignmentOf = (scene: KubernetesScene, id: LayerId, sequence: number, name: string) => {
  const { app, layer } = id;
  const one = scene.assignment("1.0.0", [
    { name: "ashat.json", body: JSON.stringify({ app, layer, version: "1.0.0", modules: [] }) },
    { name: "all.yaml", body: manifest(configMap(name, { colour: "red" })) },
  ]);
  return {
    ...one,
    app,
    layer,
    sequence,
    key: orderKey({ targetUid: scene.place.target.uid, app, layer, sequence }),
  };
};

describe("the ledgers of a server", () => {
  test("are two where the names of app and layer run together, and neither takes away what is of the other", async () => {
    const { scene, colour } = await stage();
    const both = [
      assignmentOf(scene, { target: "shop", app: "shop-db", layer: "main" }, 1, "of-shop-db"),
      assignmentOf(scene, { target: "shop", app: "shop", layer: "db-main" }, 1, "of-shop"),
    ];
    for (const one of both) {
      await scene.deliver(one);
      expect(await scene.ends(one.key)).toMatchObject({ state: "Applied" });
    }
    expect(await Promise.all(["of-shop-db", "of-shop"].map(colour))).toEqual(["red", "red"]);
    const seen = await scene.observe();
    expect(seen.state === "Answered" && seen.status.apps.map(({ app, layer }) => `${app}/${layer}`).toSorted()).toEqual(
      ["shop-db/main", "shop/db-main"],
    );
  });

  test("have names that are short enough, whatever app and layer are called", async () => {
    const { scene } = await stage();
    const one = assignmentOf(scene, { target: "shop", app: "a".repeat(63), layer: "b".repeat(63) }, 1, "of-long");
    await scene.deliver(one);
    expect(await scene.ends(one.key)).toMatchObject({ state: "Applied" });
  });
});

describe("a ledger that does not prove itself is not believed:", () => {
  const UNPROVEN = /^Refused LedgerUnproven: Secret .* was not written with the order key of this operator/;

  test("planted by somebody who may create Secrets there, it lets nobody apply anything, and once it is deleted deliveries go on", async () => {
    const { scene, namespace, colour } = await stage();
    const eve = await person(cluster, `eve-${namespace}`, []);
    await cluster.kubectl(["create", "role", "eve", "-n", namespace, "--verb=create", "--resource=secrets"]);
    await cluster.kubectl(["create", "rolebinding", "eve", "-n", namespace, "--role=eve", `--user=eve-${namespace}`]);
    const planted = packed([configMap("planted", { colour: "red" })]);
    const book = { ...bookOf(scene, ID), of: ID, hashes: { "release-1": sha256(planted) } };
    await eve.client.create(SECRETS, {
      metadata: { namespace, name: ledgerName(ID), labels: labelsOf(namespace, ID) },
      type: "ashat.raos.io/release",
      data: { ledger: packed(book), proof: "AAAA", "release-1": planted },
    });
    const [{ key } = { key: "" }] = book.entries;
    const said = await scene.observe();
    expect(said.state === "Refused" && `Refused ${said.reason}: ${said.message}`).toMatch(UNPROVEN);
    expect(wordsOf(await scene.report(key))).toMatch(UNPROVEN);
    const answer = wordsOf(await scene.delivers("1.0.0", [configMap("one", { colour: "red" })]));
    expect(answer).toMatch(UNPROVEN);
    expect(await Promise.all(["planted", "one"].map(colour))).toEqual([undefined, undefined]);

    const command = /kubectl (delete secret [^)]*)\)/.exec(answer)?.[1] ?? "";
    await cluster.kubectl(command.split(" "));
    await scene.deliver(scene.last());
    expect(await scene.ends(scene.last().key)).toMatchObject({ state: "Applied" });
    expect(await colour("planted")).toBeUndefined();
    await eve.client.close();
  });

  const changes: readonly (readonly [string, (data: Readonly<Record<string, string>>, ledger: Ledger) => object])[] = [
    [
      "its book",
      (data, { book, id }) => {
        const hashes = { "release-1": sha256(data["release-1"] ?? "") };
        return { ...data, ledger: packed({ ...book, inventory: [], of: id, hashes }) };
      },
    ],
    [
      "its book and the manifests of a release",
      (data, { book, id }) => {
        const planted = packed([configMap("planted", { colour: "red" })]);
        return {
          ...data,
          ledger: packed({ ...book, of: id, hashes: { "release-1": sha256(planted) } }),
          "release-1": planted,
        };
      },
    ],
    [
      "the manifests of a release",
      (data) => ({ ...data, "release-1": packed([configMap("planted", { colour: "red" })]) }),
    ],
    ["a release that is not there any more", (data) => without(data, "release-1")],
    ["its proof", (data) => ({ ...data, proof: Buffer.alloc(32).toString("base64") })],
    ["a proof that is not there any more", (data) => without(data, "proof")],
  ];
  test.each(changes)("changed in %s", async (_, change) => {
    const { scene, namespace, colour } = await stage();
    await scene.delivers("1.0.0", [configMap("one", { colour: "red" })]);
    const good = scene.last();
    await scene.ends(good.key);
    const secret = await root().client.get(SECRETS, { namespace, name: ledgerName(ID) });
    const ledger = await findLedger(scene.shelf(root().client), ID, signal);
    if (ledger === undefined) throw new Error("nothing was written down");
    await root().client.replace(SECRETS, { ...secret, data: change(secret.data ?? {}, ledger) });
    expect(wordsOf(await scene.report(good.key))).toMatch(UNPROVEN);
    expect(wordsOf(await scene.restores(good))).toMatch(UNPROVEN);
    expect(wordsOf(await scene.delivers("1.1.0", [configMap("one", { colour: "blue" })]))).toMatch(UNPROVEN);
    expect((await scene.observe()).state).toBe("Refused");
    expect(await Promise.all(["one", "planted"].map(colour))).toEqual(["red", undefined]);
  });

  test("copied from another layer", async () => {
    const { scene, namespace } = await stage();
    await scene.delivers("1.0.0", [configMap("one", { colour: "red" })]);
    await scene.ends(scene.last().key);
    const other = { ...ID, app: "other" };
    const { data = {} } = await root().client.get(SECRETS, { namespace, name: ledgerName(ID) });
    const metadata = { namespace, name: ledgerName(other), labels: labelsOf(namespace, other) };
    await root().client.create(SECRETS, { metadata, type: "ashat.raos.io/release", data });
    expect(wordsOf(await scene.deliver(assignmentOf(scene, other, 1, "two")))).toMatch(UNPROVEN);
  });

  test("written by an operator whose order key was another one", async () => {
    const { scene, colour } = await stage();
    await scene.delivers("1.0.0", [configMap("one", { colour: "red" })]);
    await scene.ends(scene.last().key);
    const other = scene.reborn(scene.home, await newProof());
    expect(wordsOf(await other.report(scene.place, scene.last().key, signal))).toMatch(UNPROVEN);
    expect(wordsOf(await other.report(scene.place, scene.last().key, signal))).toMatch(/that key was replaced since/);
    expect((await other.observe(scene.place, signal)).state).toBe("Refused");
    expect(await colour("one")).toBe("red");
  });

  test("marked as that of another layer, which is said", async () => {
    const { scene, namespace } = await stage();
    await scene.delivers("1.0.0", [configMap("one", { colour: "red" })]);
    await scene.ends(scene.last().key);
    await root().does("label", "secret", ledgerName(ID), "-n", namespace, "--overwrite", "ashat.raos.io/app=other");
    const said = await scene.observe();
    expect(said).toMatchObject({ state: "Refused", reason: "LedgerMisplaced" });
    expect(said).toHaveProperty("message", expect.stringMatching(/is of app default, layer main, on server shop/));
  });
});

describe("looking at a server", () => {
  test("applies nothing, also where a genuine ledger of an earlier moment was put back; its update alone goes on with it", async () => {
    let time = Date.now();
    const { scene, namespace, colour } = await stage({ now: () => time });
    await scene.delivers("1.0.0", [configMap("one", { colour: "red" })]);
    const first = scene.last();
    await scene.ends(first.key);
    const shelf = scene.shelf(root().client);
    const ledger = await findLedger(shelf, ID, signal);
    if (ledger === undefined) throw new Error("nothing was written down");
    const entries = ledger.book.entries.map((entry) => ({ ...entry, state: "Switching" as const, applied: false }));
    await writeLedger(shelf, ID, ledger, { ...ledger.book, entries }, signal);
    await root().does("delete", "configmap", "one", "-n", namespace);

    expect(await scene.observe()).toMatchObject({ status: { seen: [{ key: first.key, state: "Switching" }] } });
    expect(await colour("one")).toBeUndefined();
    time += 301_000;
    expect(await scene.observe()).toMatchObject({ status: { seen: [{ key: first.key, state: "Failed" }] } });
    expect(await colour("one")).toBeUndefined();
    await scene.report(first.key);
    expect(await colour("one")).toBe("red");
  });

  test("says that what was applied is well, also where nobody asks for it any more", async () => {
    const { scene } = await stage();
    await scene.delivers("1.0.0", [configMap("one", { colour: "red" })]);
    expect(await scene.observe()).toMatchObject({ status: { seen: [{ sequence: 1, state: "Applied" }] } });
  });
});
