import { describe, expect, test } from "vitest";
import { mainframe, runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { reported, Scene } from "../../test/unit/scene.ts";

const OLD = sha("c");

/** Staging, production and a mainframe in each of two waves, all of them at 9.3.0 before the update came. */
function started(): Scene {
  const targets = [
    server("staging", "Public"),
    server("ra-01", "Omega"),
    mainframe("cust-1", { wave: 1 }),
    mainframe("cust-2", { wave: 2 }),
  ];
  const scene = new Scene(update("patch"), ...targets);
  for (const target of targets) scene.says(target.metadata.name, runs(target, "9.3.0", OLD));
  scene.runPassing();
  scene.act("approve", "omega", "ann");
  return scene;
}

function completed(): Scene {
  const scene = started();
  expect(scene.runPassing().status.phase).toBe("Completed");
  return scene;
}

const askBack = (scene: Scene, tier: "omega" | "mainframes"): void =>
  scene.act("rollback", tier, "ben", {
    token: scene.deployment.status.tiers?.find(({ name }) => name === tier)?.token ?? "",
  });

const runsOn = (scene: Scene, name: string): string | undefined => {
  const agent = scene.agents.get(name);
  return agent?.state === "Answered" ? agent.status.apps[0]?.version : undefined;
};

/** The server of this name is deleted and created again, as a GitOps tool does it. */
function madeAnew(scene: Scene, name: string): void {
  const target = scene.target(name);
  scene.targets.set(name, { ...target, metadata: { ...target.metadata, uid: `${target.metadata.uid}-2` }, status: {} });
}

describe("a mainframe that the update was delivered to", () => {
  test("is put back also when another OMEGA server feeds it by now", () => {
    const scene = completed();
    scene.add(server("ra-02", "Omega"));
    const moved = scene.target("cust-1");
    if (moved.kind !== "Mainframe") throw new Error("cust-1 is a mainframe");
    scene.targets.set("cust-1", { ...moved, spec: { ...moved.spec, omega: "ra-02" } });
    askBack(scene, "omega");
    expect(scene.run().status.phase).toBe("RolledBack");
    expect(runsOn(scene, "cust-1")).toBe("9.3.0");
    expect(scene.records.map(({ reason }) => reason)).not.toContain("TargetGone");
  });

  test("is put back also when its OMEGA server was made anew", () => {
    const scene = completed();
    madeAnew(scene, "ra-01");
    askBack(scene, "mainframes");
    expect(scene.run().status.phase).toBe("RolledBack");
    expect([runsOn(scene, "cust-1"), runsOn(scene, "cust-2")]).toEqual(["9.3.0", "9.3.0"]);
  });

  test("is no deleted one because its OMEGA server was made anew on the way", () => {
    const scene = started();
    scene.onOrder = (target, key) =>
      target.kind === "Mainframe"
        ? { state: "NotAnswered", reason: "Unreachable", message: "no route to host" }
        : scene.applied(target, key);
    expect(scene.runPassing().status).toMatchObject({ phase: "Delivering", tier: "mainframes" });
    madeAnew(scene, "ra-01");
    expect(scene.run().status).toMatchObject({ phase: "Delivering", tier: "mainframes" });
  });
});

/** Asked to go back, and the operator is away before it could begin. */
function lateToBegin(scene: Scene): void {
  askBack(scene, "omega");
  scene.beforeEffect = ({ do: what }) => {
    if (what === "claim") throw new Error("the operator is killed");
  };
  expect(() => scene.run()).toThrow("killed");
  scene.beforeEffect = () => undefined;
  scene.now += 3_600_000;
}

const restored = (scene: Scene): readonly string[] =>
  scene.done.flatMap((effect) => (effect.do === "restore" ? [effect.target.metadata.name] : []));

describe("an operator that was away for longer than a group may hold back the next", () => {
  test("still waits for mainframes that are at work, and for none longer than that", () => {
    const scene = completed();
    lateToBegin(scene);
    scene.onRestore = (_, key) => {
      const answer = reported(key, "Applied");
      return answer.state === "Reported" ? { ...answer, report: { ...answer.report, state: "Switching" } } : answer;
    };
    expect(scene.run().status.phase).toBe("RollingBack");
    expect(restored(scene)).toEqual(["cust-2"]);
    scene.now += scene.settings.holdBackMs;
    scene.run();
    expect(restored(scene)).toEqual(["cust-2", "cust-1"]);
  });

  test("does not wait for one that is silent", () => {
    const scene = completed();
    lateToBegin(scene);
    scene.agents.set("cust-2", { state: "NotAnswered", reason: "Unreachable", message: "no route to host" });
    expect(scene.run().status.phase).toBe("RollingBack");
    expect(restored(scene)).toEqual(["cust-1", "ra-01"]);
  });
});
