import { describe, expect, test } from "vitest";
import { CONFIG_MAPS } from "../cluster/pod.ts";
import { until } from "../cluster/until.ts";
import { configMap, type KubernetesScene, wordsOf } from "../delivery/kubernetes-scene.ts";
import { openStages } from "../delivery/kubernetes-stage.ts";

/** Releases that take longer than one look at an update may: each call does a part, and the next one goes on from there. */

const { root, stage: bare } = openStages("large");

const stage = async (more: Parameters<typeof bare>[0] = {}) => {
  const { namespace, scene } = await bare(more);
  const versions = async (): Promise<ReadonlyMap<string, string>> => {
    const { items } = await root().client.list(CONFIG_MAPS, { namespace });
    const ours = items.filter(({ metadata }) => metadata.name.startsWith("map-"));
    return new Map(ours.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
  };
  return { namespace, scene, versions };
};

const maps = (count: number, colour: string) =>
  Array.from({ length: count }, (_, at) => configMap(`map-${String(at).padStart(3, "0")}`, { colour }));

/** Asks again and again, as an update does that is under way, and keeps what it was told. */
const asked = async (scene: KubernetesScene): Promise<readonly string[]> => {
  const said: string[] = [];
  await until("it has ended", async () => {
    const { key } = scene.last();
    const answer = await scene.report(key);
    const now = answer.state === "Refused" && answer.status === 404 ? await scene.deliver(scene.last()) : answer;
    said.push(wordsOf(now));
    return now.state === "Answered" && now.report.state === "Applied" ? true : undefined;
  });
  return said;
};

describe("a release that takes long", () => {
  test("is tried and applied part by part, and comes to its end", async () => {
    const { scene, versions } = await stage({ workMs: -1 });
    const first = wordsOf(await scene.delivers("1.0.0", maps(20, "red")));
    expect(first).toMatch(/^Accepted Accepted: Nothing is applied yet: \d+ of 20 objects were tried without effect\.$/);
    expect((await versions()).size).toBe(0);
    const said = await asked(scene);
    expect(said.filter((words) => words.startsWith("Accepted")).length).toBeGreaterThan(1);
    const parts = said.flatMap((words) => /It is being applied: (\d+) of 20 objects are/.exec(words)?.[1] ?? []);
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.map(Number)).toEqual(parts.map(Number).toSorted((a, b) => a - b));
    expect(new Set(parts).size).toBe(parts.length);
    expect((await versions()).size).toBe(20);
  });

  test("goes on where it stopped, also in another process: what is applied is not applied again", async () => {
    const { scene, namespace, versions } = await stage({ workMs: -1 });
    await scene.delivers("1.0.0", maps(12, "red"));
    await until("it is being applied", async () => {
      await scene.deliver(scene.last());
      return (await versions()).size > 0;
    });
    const [early = ""] = [...(await versions()).keys()].toSorted();
    // What would be put back if it were applied again.
    await root().does("delete", "configmap", early, "-n", namespace);
    const next = scene.reborn(scene.home);
    const { signal } = new AbortController();
    await until("all others are there", async () => {
      await next.report(scene.place, scene.last().key, signal);
      return (await versions()).size === 11;
    });
    expect((await versions()).has(early)).toBe(false);
  });

  test("in time is done at once", async () => {
    const { scene, versions } = await stage();
    expect(wordsOf(await scene.delivers("1.0.0", maps(100, "red")))).toMatch(/^Switching.*It was applied/);
    expect((await versions()).size).toBe(100);
    expect(wordsOf(await scene.delivers("1.1.0", maps(3, "blue")))).toMatch(/^Switching.*It was applied/);
    expect([...(await versions()).keys()]).toEqual(["map-000", "map-001", "map-002"]);
  });
});

/** Somebody sets a field there with another tool. */
const changed = async () => {
  const { scene, namespace } = await stage();
  const colour = async () => (await root().client.find(CONFIG_MAPS, { namespace, name: "map-000" }))?.data?.["colour"];
  await scene.delivers("1.0.0", maps(1, "red"));
  await scene.ends(scene.last().key);
  const patch = '--patch={"data":{"colour":"green","more":"yes"}}';
  await root().does("patch", "configmap", "map-000", "-n", namespace, "--type=merge", patch);
  expect(await colour()).toBe("green");
  return { scene, namespace, colour };
};

describe("what somebody else changed in a release that runs", () => {
  test("is won back by a delivery that heals, and what they added stays", async () => {
    const { scene, namespace, colour } = await changed();
    expect(wordsOf(await scene.delivers("1.0.0", maps(1, "red"), { heals: true }))).toMatch(/^Switching/);
    expect(await scene.ends(scene.last().key)).toMatchObject({ state: "Applied" });
    expect(await colour()).toBe("red");
    expect((await root().client.get(CONFIG_MAPS, { namespace, name: "map-000" })).data?.["more"]).toBe("yes");
    await root().does(
      "patch",
      "configmap",
      "map-000",
      "-n",
      namespace,
      "--type=merge",
      '--patch={"data":{"colour":"green"}}',
    );
    expect(wordsOf(await scene.delivers("1.1.0", maps(1, "blue")))).toMatch(/^Refused FieldConflict/);
  });

  test("is left to them by every other delivery, which is refused", async () => {
    const { scene, colour } = await changed();
    expect(wordsOf(await scene.delivers("1.0.0", maps(1, "red")))).toMatch(/^Refused FieldConflict.*kubectl-patch/);
    expect(await colour()).toBe("green");
  });

  test("is not taken from another server, also by a delivery that heals", async () => {
    const { scene, namespace } = await changed();
    await root().does(
      "annotate",
      "configmap",
      "map-000",
      "-n",
      namespace,
      "--overwrite",
      "ashat.raos.io/inventory=other/x",
    );
    expect(wordsOf(await scene.delivers("1.0.0", maps(1, "red"), { heals: true }))).toMatch(/^Refused OwnedByAnother/);
  });
});
