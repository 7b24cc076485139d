import { describe, expect, test } from "vitest";
import { runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";

/** An update that completed on staging and production, where somebody then ran 9.3.0 again by hand. */
function drifted(drift: "Flag" | "Heal"): Scene {
  const scene = new Scene(update("patch"), server("staging", "Public"), server("ra-01", "Omega", { drift }));
  scene.runPassing();
  scene.act("approve", "omega", "ann");
  expect(scene.runPassing().status.phase).toBe("Completed");
  ranByHand(scene);
  return scene;
}

function ranByHand(scene: Scene): void {
  scene.says("ra-01", runs(scene.target("ra-01"), "9.3.0", sha("c"), { sequence: 1 }));
  const target = scene.target("ra-01");
  const condition = {
    type: "Drifted",
    status: "True" as const,
    reason: "NotAsDelivered",
    message: "it runs 9.3.0",
    lastTransitionTime: "2030-01-01T00:00:00.000Z",
  };
  scene.targets.set("ra-01", { ...target, status: { ...target.status, conditions: [condition] } });
}

const deliveries = (scene: Scene): readonly string[] =>
  scene.done.flatMap((effect) =>
    effect.do === "deliver" ? [`${effect.target.metadata.name} ${effect.order.sequence}`] : [],
  );

describe("a target that runs something else than was delivered", () => {
  test("is given it again under a new sequence where it says Heal, and verified", () => {
    const scene = drifted("Heal");
    expect(scene.run().status).toMatchObject({ phase: "Verifying", tier: "omega" });
    expect(scene.runPassing().status.phase).toBe("Completed");
    expect(deliveries(scene)).toEqual(["staging 1", "ra-01 1", "ra-01 2"]);
    expect(scene.records.find(({ reason }) => reason === "DriftHealed")?.message).toBe(
      "ra-01 ran something else than was delivered (9.3.0): 9.4.2 goes there again",
    );
    expect(scene.target("ra-01").status.apps?.[0]?.claim).toBeUndefined();
  });

  test("is left alone while its licence counts no more: its agent would refuse, and what is held keeps every update out", () => {
    const scene = drifted("Heal");
    const target = scene.target("ra-01");
    const [condition] = target.status.conditions ?? [];
    if (condition === undefined) throw new Error("ra-01 drifted");
    const unlicensed = { ...condition, type: "Licensed", status: "False" as const, reason: "LicenceExpired" };
    scene.targets.set("ra-01", { ...target, status: { ...target.status, conditions: [condition, unlicensed] } });
    expect(scene.run().status.phase).toBe("Completed");
    expect(deliveries(scene)).toEqual(["staging 1", "ra-01 1"]);
  });

  test("is given it again where only a part of it was changed, which a cluster can tell", () => {
    const scene = drifted("Heal");
    const [app] = runs(scene.target("ra-01"), "9.4.2", sha("a"), { sequence: 1 }).apps;
    if (app === undefined) throw new Error("it runs");
    scene.says("ra-01", { apps: [{ ...app, changed: "ConfigMap prod/shop was changed" }], seen: [] });
    expect(scene.runPassing().status.phase).toBe("Completed");
    expect(deliveries(scene)).toEqual(["staging 1", "ra-01 1", "ra-01 2"]);
    expect(scene.records.find(({ reason }) => reason === "DriftHealed")?.message).toContain(
      "(ConfigMap prod/shop was changed): 9.4.2 goes there again",
    );
  });

  test("is left alone where it says Flag", () => {
    const scene = drifted("Flag");
    expect(scene.run().status.phase).toBe("Completed");
    expect(deliveries(scene)).toEqual(["staging 1", "ra-01 1"]);
  });

  test("is left alone where a person took the update back", () => {
    const scene = drifted("Heal");
    scene.says(
      "ra-01",
      runs(scene.target("ra-01"), "9.4.2", sha("a"), { previous: { version: "9.3.0", digest: sha("c") } }),
    );
    const token = scene.deployment.status.tiers?.find(({ name }) => name === "omega")?.token ?? "";
    scene.act("rollback", "omega", "ben", { token });
    expect(scene.run().status.phase).toBe("RolledBack");
    ranByHand(scene);
    expect(scene.run().status.phase).toBe("RolledBack");
    expect(deliveries(scene)).toEqual(["staging 1", "ra-01 1"]);
  });

  test("is not fought: who switches it back within the hour is left to do so", () => {
    const scene = drifted("Heal");
    scene.runPassing();
    ranByHand(scene);
    expect(scene.runPassing().status.phase).toBe("Completed");
    expect(deliveries(scene).length).toBe(3);
    const healedAt = Date.parse(scene.records.find(({ reason }) => reason === "DriftHealed")?.time ?? "");
    expect(scene.run().wakeAt).toBe(healedAt + 3_600_000);
    scene.now = healedAt + 3_600_000;
    scene.runPassing();
    expect(deliveries(scene).length).toBe(4);
  });

  test("is given it again once, wherever a crash comes", () => {
    for (let kill = 0; kill < 8; kill += 1) {
      const scene = drifted("Heal");
      let left = kill;
      scene.beforeEffect = () => {
        left -= 1;
        if (left === -1) throw new Error("crash");
      };
      try {
        scene.run();
      } catch {
        // as a crash does
      }
      scene.beforeEffect = () => undefined;
      expect(scene.runPassing().status.phase).toBe("Completed");
      expect(deliveries(scene)).toEqual(["staging 1", "ra-01 1", "ra-01 2"]);
    }
  });

  test("that fails its checks when it has it again is held for a person, and nothing is put back by itself", () => {
    const scene = drifted("Heal");
    scene.run();
    scene.verdict("ra-01", "Failed");
    expect(scene.run().status).toMatchObject({ phase: "Held", tier: "omega" });
    expect(scene.done.some((effect) => effect.do === "restore")).toBe(false);
  });

  test("is asked again while its agent is silent", () => {
    const scene = drifted("Heal");
    scene.agents.set("ra-01", { state: "NotAnswered", reason: "Unreachable", message: "no route to host" });
    expect(scene.run().wakeAt).toBe(scene.now + scene.settings.retryMs);
  });

  test("is given it again in the windows of its server only", () => {
    const scene = drifted("Heal");
    const target = scene.target("ra-01");
    if (target.kind !== "Server") throw new Error("ra-01 is a server");
    const windows = [{ from: "01:00", to: "02:00", timeZone: "UTC" }];
    scene.targets.set("ra-01", { ...target, spec: { ...target.spec, windows } });
    scene.now = Date.parse("2030-01-02T00:00:00.000Z");
    expect(scene.run().wakeAt).toBe(scene.now + 3_600_000);
    expect(deliveries(scene).length).toBe(2);
    scene.now += 3_600_000;
    scene.run();
    expect(deliveries(scene).length).toBe(3);
  });
});
