import { expect, test } from "vitest";
import { runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { reported, Scene } from "../../test/unit/scene.ts";

test("a cluster that took half of the manifests is given back what ran before, which is applied whole", () => {
  const scene = new Scene(update("patch"), server("staging", "Public", { onFailure: "Restore" }));
  scene.says("staging", runs(scene.target("staging"), "9.3.0", sha("c")));
  scene.onOrder = (_, key) => reported(key, "Failed", "ApplyFailed");
  expect(scene.run().status.phase).toBe("RolledBack");
  expect(scene.done.filter((effect) => effect.do === "restore")).toMatchObject([{ release: { version: "9.3.0" } }]);
  const first = new Scene(update("patch"), server("staging", "Public", { onFailure: "Restore" }));
  first.onOrder = (_, key) => reported(key, "Failed", "ApplyFailed");
  expect(first.run().status.phase).toBe("Held");
});

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
