import { describe, expect, test } from "vitest";
import { IN_FORCE, runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { reported, Scene } from "../../test/unit/scene.ts";
import type { Effect } from "./decision.ts";
import { tokenOfRecorded } from "./token.ts";

/** An update that waits for the approval of OMEGA; 9.3.0 ran everywhere before. */
function beforeOmega(): Scene {
  const scene = new Scene(update("patch"), server("staging", "Public"), server("ra-01", "Omega"));
  for (const name of ["staging", "ra-01"]) scene.says(name, runs(scene.target(name), "9.3.0", sha("0")));
  scene.runPassing();
  return scene;
}

/** The operator crashes instead of doing this. */
function crashesBefore(scene: Scene, is: (effect: Effect) => boolean): void {
  scene.beforeEffect = (effect) => {
    if (is(effect)) throw new Error("crash");
  };
  expect(() => scene.run()).toThrow("crash");
  scene.beforeEffect = () => undefined;
}

const tokenOf = (scene: Scene, tier: string): string =>
  scene.deployment.status.tiers?.find(({ name }) => name === tier)?.token ?? "";

const appOf = (scene: Scene, name: string) => scene.target(name).status.apps?.[0];

describe("nothing is left behind", () => {
  test("the claim of OMEGA, where Public is rolled back before it began", () => {
    const scene = beforeOmega();
    scene.act("approve", "omega", "ann");
    crashesBefore(scene, (effect) => effect.do === "record");
    expect(appOf(scene, "ra-01")?.claim?.name).toBe("patch");
    scene.act("rollback", "public", "ben", { token: tokenOf(scene, "public") });
    expect(scene.run().status.phase).toBe("RolledBack");
    expect(appOf(scene, "ra-01")).toEqual({ app: "default", sequence: 2 });
  });

  test("a delivery to OMEGA under way, where Public cannot be rolled back", () => {
    const scene = beforeOmega();
    scene.act("approve", "omega", "ann");
    crashesBefore(scene, (effect) => effect.do === "deliver");
    scene.onRestore = (_, key) => reported(key, "Failed", "SnapshotGone");
    scene.act("rollback", "public", "ben", { token: tokenOf(scene, "public") });
    expect(scene.runPassing().status.phase).toBe("Held");
    expect(appOf(scene, "ra-01")).toMatchObject({ version: "9.4.2", deployment: "patch" });
    expect(appOf(scene, "ra-01")?.claim).toBeUndefined();
  });

  test("the claim of a restore that a person came before, who asked to verify again", () => {
    const scene = new Scene(update("patch"), server("staging", "Public", { onFailure: "Restore" }));
    scene.says("staging", runs(scene.target("staging"), "9.3.0", sha("0")));
    scene.run();
    scene.verdict("staging", "Failed");
    crashesBefore(scene, (effect) => effect.do === "record" && effect.record.to === "RollingBack");
    expect(appOf(scene, "staging")).toMatchObject({ sequence: 3, claim: { name: "patch" } });
    const held = scene.records.findLast(({ to }) => to === "Held");
    const target = scene.target("staging");
    // Until then its server was changed to keep what failed.
    scene.targets.set("staging", { ...server("staging", "Public"), metadata: target.metadata, status: target.status });
    scene.act("verify", "public", "ben", { token: tokenOfRecorded(held?.hash ?? "", IN_FORCE) });
    scene.runPassing();
    expect(appOf(scene, "staging")).toMatchObject({ sequence: 3, version: "9.4.2", deployment: "patch" });
    expect(appOf(scene, "staging")?.claim).toBeUndefined();
  });

  test.for(["Flag", "Heal"])("the claim of a restore that arrives while it is verified again (drift: %s)", (drift) => {
    const scene = new Scene(update("patch"), server("staging", "Public", { drift }));
    scene.says("staging", runs(scene.target("staging"), "9.3.0", sha("0")));
    scene.run();
    const target = scene.target("staging");
    const apps = (target.status.apps ?? []).map((app) => ({ ...app, sequence: app.sequence + 1 }));
    scene.targets.set("staging", { ...target, status: { ...target.status, apps } });
    scene.runPassing();
    expect(appOf(scene, "staging")).toMatchObject({ sequence: 3, version: "9.4.2", deployment: "patch" });
    expect(appOf(scene, "staging")?.claim).toBeUndefined();
  });
});

function takenOver(scene: Scene): void {
  const target = scene.target("staging");
  const claim = { name: "newer", uid: "uid-newer", version: "9.5.0" };
  scene.targets.set("staging", {
    ...target,
    status: { ...target.status, apps: [{ app: "default", sequence: 7, claim }] },
  });
}

describe("what a newer update took over is not put back under its hands", () => {
  test("where it failed and would have put itself back", () => {
    const scene = new Scene(update("patch"), server("staging", "Public", { onFailure: "Restore" }));
    scene.says("staging", runs(scene.target("staging"), "9.3.0", sha("0")));
    scene.run();
    scene.verdict("staging", "Failed");
    crashesBefore(scene, (effect) => effect.do === "claim");
    takenOver(scene);
    expect(scene.run().status.phase).toBe("Superseded");
    expect(appOf(scene, "staging")?.claim?.name).toBe("newer");
  });

  test("where it could not be put back and somebody asks again", () => {
    const scene = beforeOmega();
    scene.onRestore = (_, key) => reported(key, "Failed", "SnapshotGone");
    scene.act("rollback", "public", "ben", { token: tokenOf(scene, "public") });
    const token = scene.run().status.blockedBy?.[0]?.token ?? "";
    takenOver(scene);
    scene.act("rollback", "public", "ben", { slot: "2", token });
    expect(scene.run().status.blockedBy?.[0]?.message).toContain("taken by deployments.ashat.raos.io/newer");
    expect(appOf(scene, "staging")?.claim?.name).toBe("newer");
  });

  test("and an order that its agent knows from before with other content is asked about", () => {
    const scene = beforeOmega();
    scene.onRestore = () => ({ state: "Refused", reason: "KeyReused", message: "it was taken" });
    scene.act("rollback", "public", "ben", { token: tokenOf(scene, "public") });
    expect(scene.run().status.phase).toBe("RollingBack");
  });
});
