import { expect, test } from "vitest";
import type { Condition } from "../api/meta.ts";
import { mainframe, NOW, type Patch, server, sha, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";

const HOUR = 3_600_000;
const condition = (type: string, status: Condition["status"], at = NOW - HOUR, message = "so it is"): Condition => ({
  type,
  status,
  reason: "Because",
  message,
  lastTransitionTime: new Date(at).toISOString(),
});

const DAY_LONG: Patch = { soakSeconds: 86_400 };
const soaking = (omega: Patch = {}): Scene => {
  const scene = new Scene(
    update("patch"),
    server("staging", "Public", DAY_LONG, { conditions: [condition("Ready", "True")] }),
    server("ra-01", "Omega", omega, { conditions: [condition("Ready", "True")] }),
    mainframe("cust-1"),
  );
  scene.runPassing();
  scene.act("approve", "omega", "alice");
  return scene;
};
const become = (scene: Scene, name: string, ...conditions: readonly Condition[]): void => {
  const target = scene.target(name);
  if (target.kind === "Server") scene.add({ ...target, status: { ...target.status, conditions: [...conditions] } });
};
const soak = (scene: Scene) => scene.run().status.blockedBy?.find(({ gate }) => gate === "soak");
const delivered = (scene: Scene): readonly string[] =>
  scene.done.flatMap((effect) => (effect.do === "deliver" ? [effect.target.metadata.name] : []));

test("the next tier begins when what passed has been good for long enough, and not before", () => {
  const scene = soaking();
  const { status, wakeAt } = scene.run();
  expect(status.blockedBy).toMatchObject([
    {
      gate: "soak",
      message: "omega waits until what passed before has stayed good until 2030-01-02T00:00:00.000Z",
      clearsAt: "2030-01-02T00:00:00.000Z",
    },
  ]);
  expect(wakeAt).toBe(NOW + 24 * HOUR);
  scene.now = NOW + 24 * HOUR - 1;
  scene.run();
  expect(delivered(scene)).toEqual(["staging"]);
  scene.now = NOW + 24 * HOUR;
  scene.run();
  expect(delivered(scene)).toEqual(["staging", "ra-01"]);
});

test("a server that is not ready, or has drifted, shuts it without a time, and being ready again begins anew", () => {
  const scene = soaking();
  scene.now = NOW + 23 * HOUR;
  become(scene, "staging", condition("Ready", "False", scene.now, "connection refused"));
  expect(soak(scene)).toMatchObject({
    message: "omega waits until what passed before has stayed good: staging is not ready: connection refused",
  });
  expect(soak(scene)?.clearsAt).toBeUndefined();
  become(scene, "staging", condition("Ready", "True", scene.now));
  expect(soak(scene)?.clearsAt).toBe("2030-01-02T23:00:00.000Z");
  scene.now = NOW + 30 * HOUR;
  expect(delivered(scene)).toEqual(["staging"]);
  become(scene, "staging", condition("Ready", "True"), condition("Drifted", "True", scene.now, "9.4.1 runs there"));
  expect(soak(scene)?.message).toContain("staging has drifted: 9.4.1 runs there");
  scene.run();
  expect(delivered(scene)).toEqual(["staging"]);
});

const apps = (app: object) => (scene: Scene) => {
  const target = scene.target("staging");
  const before = target.status.apps?.[0] ?? { app: "default", sequence: 1 };
  if (target.kind === "Server") scene.add({ ...target, status: { ...target.status, apps: [{ ...before, ...app }] } });
};

test("what came there since, or is on its way, says nothing of this update any more", () => {
  for (const [change, message] of [
    [
      apps({ claim: { name: "next", uid: "uid-next", version: "9.4.3" } }),
      "staging is being updated by deployments.ashat.raos.io/next",
    ],
    [apps({ digest: `sha256:${sha("b")}` }), "how 9.4.2 stays on staging cannot be seen any more"],
    [apps({ unsettled: "next" }), "how 9.4.2 stays on staging cannot be seen any more"],
  ] as const) {
    const scene = soaking();
    scene.now = NOW + 48 * HOUR;
    change(scene);
    expect(soak(scene)?.message).toContain(message);
    expect(delivered(scene)).toEqual(["staging"]);
  }
});

test("the soak of OMEGA holds the mainframes, and that of the server before it does not any more", () => {
  const scene = soaking({ soakSeconds: 3600 });
  scene.now = NOW + 24 * HOUR;
  scene.runPassing();
  become(scene, "staging", condition("Ready", "False"));
  expect(soak(scene)?.clearsAt).toBe("2030-01-02T01:00:00.000Z");
  expect(delivered(scene)).toEqual(["staging", "ra-01"]);
  scene.now = NOW + 25 * HOUR;
  expect(scene.runPassing().status).toMatchObject({ phase: "Completed", mainframes: "1/1" });
});

test("an override opens it, also while the server is not ready", () => {
  const scene = soaking();
  become(scene, "staging", condition("Ready", "False"));
  scene.run();
  scene.act("override", "omega", "olga", { reason: "a hole in the shop" });
  scene.run();
  expect(delivered(scene)).toEqual(["staging", "ra-01"]);
  expect(scene.records.find(({ overrides }) => overrides !== undefined)?.overrides).toEqual([
    { user: "olga", reason: "a hole in the shop", gates: ["soak"] },
  ]);
});

test("without a soak nobody waits, however the server is", () => {
  const scene = new Scene(update("patch"), server("staging", "Public"), server("ra-01", "Omega"));
  scene.runPassing();
  scene.act("approve", "omega", "alice");
  scene.run();
  expect(delivered(scene)).toEqual(["staging", "ra-01"]);
});
