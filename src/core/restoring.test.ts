import { expect, test } from "vitest";
import { runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { reported, Scene } from "../../test/unit/scene.ts";
import { decideGone } from "./gone.ts";

/** An update that passed on Public, where 9.3.0 ran before. */
function onPublic(patch = {}): Scene {
  const scene = new Scene(update("patch"), server("staging", "Public", patch));
  scene.says("staging", runs(scene.target("staging"), "9.3.0", sha("0")));
  scene.run();
  return scene;
}

const askBack = (scene: Scene): void =>
  scene.act("rollback", "public", "ben", {
    token: scene.deployment.status.tiers?.find(({ name }) => name === "public")?.token ?? "",
  });

const appOf = (scene: Scene) => scene.target("staging").status.apps?.[0];

test("when something put itself back stands at its target", () => {
  const scene = onPublic({ onFailure: "Restore" });
  scene.verdict("staging", "Failed");
  expect(scene.run().status.phase).toBe("RolledBack");
  expect(appOf(scene)?.restoredAt).toBe(new Date(scene.now).toISOString());
});

test("an agent that says it is done while the update still runs has not put it back", () => {
  const scene = onPublic();
  scene.onRestore = (target, key) => {
    scene.restored(target, key, { version: "9.4.2", digest: scene.digest(), undoes: 1 });
    return reported(key, "Applied");
  };
  askBack(scene);
  expect(scene.run().status).toMatchObject({ phase: "Held" });
  expect(scene.last().message).toContain("9.4.2 still runs there");
});

test("what an agent said before it was done says nothing about what runs since", () => {
  const scene = onPublic();
  const before = scene.agents.get("staging");
  scene.onRestore = (target, key, release) => {
    const answer = scene.restored(target, key, release);
    if (before) scene.agents.set("staging", before);
    return answer;
  };
  askBack(scene);
  expect(scene.run()).toMatchObject({ status: { phase: "RollingBack" }, wakeAt: scene.now + scene.settings.pollMs });
});

test("where nothing runs yet, a delivery on its way is waited for as long as it may arrive", () => {
  const scene = new Scene(update("patch"), server("staging", "Public"));
  scene.onOrder = () => ({ state: "NotAnswered", reason: "Unreachable", message: "no route to host" });
  scene.run();
  scene.orders.clear();
  askBack(scene);
  expect(scene.run().status.phase).toBe("RollingBack");
  scene.now += scene.settings.deliveryMs;
  expect(scene.run().status.phase).toBe("RolledBack");
});

test("a restore refused for its sequence is ordered again under a higher one", () => {
  const scene = onPublic();
  scene.onRestore = (target, key, release) => {
    scene.onRestore = (again, next, kept) => scene.restored(again, next, kept);
    scene.says(
      "staging",
      runs(target, "9.4.2", sha("a"), { sequence: 9, previous: { version: "9.3.0", digest: sha("0") } }),
    );
    expect(release.version).toBe("9.3.0");
    return { state: "Refused", reason: "SequenceTooLow", message: `${key} is not above 9` };
  };
  askBack(scene);
  expect(scene.run().status.phase).toBe("RolledBack");
  expect(appOf(scene)?.sequence).toBe(10);
});

test("what could not be put back is not verified instead", () => {
  const scene = onPublic();
  scene.onRestore = (_, key) => reported(key, "Failed", "SnapshotGone");
  askBack(scene);
  const token = scene.run().status.blockedBy?.[0]?.token ?? "";
  scene.act("verify", "public", "ben", { token });
  expect(scene.run().status.phase).toBe("Held");
  expect(scene.records.some(({ reason }) => reason === "VerifyAsked")).toBe(false);
});

test("an update deleted while it is on a target leaves word there that nothing is known to be right", () => {
  const scene = onPublic();
  const target = scene.target("staging");
  const seen = { target, agent: { state: "NotAsked" as const }, orders: {} };
  const { uid } = scene.deployment.metadata;
  const left = decideGone({ uid, records: scene.records, targets: [seen], jobs: [] }, scene.now);
  expect(left.find((effect) => effect.do === "release")).toMatchObject({ app: { unsettled: "patch" } });
});

test("a target whose clock is wrong says so in the status, and is asked again with time in between", () => {
  const scene = onPublic();
  scene.onRestore = () => ({ state: "Refused", reason: "NotYetValid", message: "the clock here says 1999" });
  askBack(scene);
  const { status, wakeAt } = scene.run();
  expect(status.blockedBy?.map(({ gate, message }) => `${gate}: ${message}`)).toEqual([
    "reachable: server staging does not answer, its restore is a standing order: it refuses the order for now: the clock here says 1999",
  ]);
  expect(wakeAt).toBe(scene.now + scene.settings.retryMs);
});
