import { expect, test } from "vitest";
import { runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";

const OLD = sha("c");

/** Production verifies the update while staging, which had passed, was given it again and failed. */
function healedInVain(): Scene {
  const servers = [server("staging", "Public", { drift: "Heal" }), server("ra-01", "Omega")];
  const scene = new Scene(update("patch"), ...servers);
  for (const target of servers) scene.says(target.metadata.name, runs(target, "9.3.0", OLD));
  scene.runPassing();
  scene.act("approve", "omega", "ann");
  expect(scene.run().status).toMatchObject({ phase: "Verifying", tier: "omega" });
  const staging = scene.target("staging");
  scene.says("staging", runs(staging, "9.3.0", OLD));
  const drifted = {
    type: "Drifted",
    status: "True" as const,
    reason: "NotAsDelivered",
    message: "it runs 9.3.0",
    lastTransitionTime: "2030-01-01T00:00:00.000Z",
  };
  scene.targets.set("staging", { ...staging, status: { ...staging.status, conditions: [drifted] } });
  scene.run();
  scene.verdict("staging", "Failed");
  expect(scene.run().status).toMatchObject({ phase: "Held", tier: "public" });
  return scene;
}

test("what fails on OMEGA is put back also while Public is held after it was healed", () => {
  const scene = healedInVain();
  scene.verdict("ra-01", "Failed");
  scene.run();
  expect(scene.records.map(({ reason }) => reason)).toContain("RestoreOnFailure");
  expect(scene.agents.get("ra-01")).toMatchObject({ status: { apps: [{ version: "9.3.0" }] } });
});

test("what passes on OMEGA has passed, and nothing begins after it while Public is held", () => {
  const scene = healedInVain();
  scene.verdict("ra-01", "Passed");
  expect(scene.run().status).toMatchObject({ phase: "Held", tier: "public" });
  expect(scene.last()).toMatchObject({ tier: "omega", to: "Passed", completes: true });
  expect(scene.target("ra-01").status.apps?.[0]?.claim).toBeUndefined();
});
