import { expect, test } from "vitest";
import { runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";
import type { AppState } from "../api/target.ts";
import { isUnderWay, progressOf } from "./progress.ts";

const NEWER = { name: "newer", uid: "uid-newer", version: "9.5.0" };

const setApp = (scene: Scene, name: string, change: (app: AppState) => AppState): void => {
  const target = scene.target(name);
  const apps = (target.status.apps ?? []).map(change);
  scene.targets.set(name, { ...target, status: { ...target.status, apps } });
};

const askBack = (scene: Scene): void =>
  scene.act("rollback", "public", "ben", {
    token: scene.deployment.status.tiers?.find(({ name }) => name === "public")?.token ?? "",
  });

test("what was held, and where a newer update has passed since, is not taken back under that one", () => {
  const scene = new Scene(update("patch"), server("staging", "Public"));
  scene.says("staging", runs(scene.target("staging"), "9.3.0", sha("c")));
  scene.run();
  scene.verdict("staging", "Failed");
  scene.run();
  setApp(scene, "staging", (app) => ({ ...app, sequence: 9, claim: NEWER }));
  expect(scene.run().status.phase).toBe("Superseded");
  scene.now += 60_000;
  const since = new Date(scene.now).toISOString();
  const digest = `sha256:${sha("b")}`;
  setApp(scene, "staging", ({ app }) => ({ app, sequence: 9, version: "9.5.0", digest, deployment: "newer", since }));
  scene.says("staging", runs(scene.target("staging"), "9.5.0", sha("b"), { sequence: 9 }));
  askBack(scene);
  const { status } = scene.run();
  expect(status.phase).toBe("Superseded");
  expect(status.conditions?.find(({ type }) => type === "ActionIgnored")?.message).toContain(
    "staging runs deployments.ashat.raos.io/newer since: roll that back first",
  );
  expect(scene.done.some((effect) => effect.do === "restore")).toBe(false);
});

test("a rollback that another update stands in the way of is gone on with when that one lets go", () => {
  const scene = new Scene(update("patch"), server("staging", "Public"));
  scene.says("staging", runs(scene.target("staging"), "9.3.0", sha("c")));
  scene.runPassing();
  askBack(scene);
  scene.beforeEffect = (effect) => {
    if (effect.do === "record") setApp(scene, "staging", (app) => ({ ...app, claim: NEWER }));
  };
  scene.run();
  scene.beforeEffect = () => undefined;
  expect(scene.last().reason).toBe("RollbackAsked");
  expect(isUnderWay(progressOf(scene.records))).toBe(true);
  setApp(scene, "staging", (app) => {
    const { claim: _, ...rest } = app;
    return rest;
  });
  expect(scene.run().status.phase).toBe("RolledBack");
  expect(isUnderWay(progressOf(scene.records))).toBe(false);
});

test("what was held, and where an older release was put back since, keeps nothing else of the tier from going back", () => {
  const servers = [server("staging", "Public"), server("staging-2", "Public")];
  const scene = new Scene(update("patch"), ...servers);
  for (const target of servers) scene.says(target.metadata.name, runs(target, "9.3.0", sha("c")));
  scene.run();
  scene.verdict("staging", "Failed");
  scene.verdict("staging-2", "Passed");
  scene.run();
  setApp(scene, "staging", (app) => ({ ...app, sequence: 9, claim: NEWER }));
  expect(scene.run().status.phase).toBe("Superseded");
  scene.now += 60_000;
  const since = new Date(scene.now).toISOString();
  setApp(scene, "staging", ({ app }) => ({ app, sequence: 9, version: "9.3.0", digest: `sha256:${sha("c")}`, since }));
  scene.says("staging", runs(scene.target("staging"), "9.3.0", sha("c"), { sequence: 9 }));
  askBack(scene);
  expect(scene.run().status.phase).toBe("RolledBack");
  expect(scene.agents.get("staging-2")).toMatchObject({ status: { apps: [{ version: "9.3.0" }] } });
});
