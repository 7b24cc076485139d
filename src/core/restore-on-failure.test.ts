import { expect, test } from "vitest";
import { runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";

test("what ran there already when the cluster was built anew is not put back because a check fails", () => {
  const servers = [server("staging", "Public"), server("ra-01", "Omega")];
  const scene = new Scene(update("patch"), ...servers);
  const previous = { version: "9.3.0", digest: sha("c") };
  for (const target of servers) scene.says(target.metadata.name, runs(target, "9.4.2", sha("a"), { previous }));
  scene.run();
  scene.verdict("staging", "Passed");
  scene.run();
  scene.verdict("ra-01", "Failed");
  expect(scene.run().status).toMatchObject({ phase: "Held", tier: "omega" });
  expect(scene.done.some((effect) => effect.do === "restore")).toBe(false);
});
