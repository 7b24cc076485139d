import { describe, expect, test } from "vitest";
import { runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";

function held(): Scene {
  const scene = new Scene(update("patch"), server("staging", "Public"));
  scene.run();
  scene.verdict("staging", "Failed");
  scene.run();
  return scene;
}

describe("an update that is held", () => {
  test("waits for a person, and prints the command", () => {
    const scene = held();
    const [gate] = scene.deployment.status.blockedBy ?? [];
    expect(gate).toMatchObject({ gate: "held" });
    expect(gate?.who).toMatch(
      /^whoever may verify public, once the cause is gone; or whoever may roll public back: kubectl annotate .* rollback\.ashat\.raos\.io\/public=[0-9a-f]{16}$/,
    );
    expect(gate?.command).toContain(`verify.ashat.raos.io/public=${gate?.token}`);
  });

  test("names no token that would count for nothing while the policies are away", () => {
    const scene = held();
    scene.policies = { state: "NotInForce", reason: "Unknown", message: "the API server is busy" };
    const [gate] = scene.run().status.blockedBy ?? [];
    expect(gate).toMatchObject({
      gate: "held",
      who: "whoever may verify public, once the admission policies are in force: the API server is busy",
    });
    expect(gate?.command).toBeUndefined();
    expect(gate?.token).toBeUndefined();
  });

  test("is verified again when asked, as the next attempt of the same delivery", () => {
    const scene = held();
    scene.act("verify", "public", "alice", { reason: "the disk is back" });
    expect(scene.run().status.phase).toBe("Verifying");
    expect(scene.last()).toMatchObject({
      reason: "VerifyAsked",
      message: "alice asked to verify again: the disk is back",
      actor: { name: "alice" },
      targets: [{ attempt: 2, sequence: 1 }],
    });
    scene.verdict("staging", "Passed");
    expect(scene.run().status.tier).toBe("omega");
    expect(scene.done.filter((effect) => effect.do === "deliver").length).toBe(1);
  });

  test("is verified once per question: one asked before the last failure is answered, not obeyed", () => {
    const scene = held();
    scene.act("verify", "public", "alice");
    scene.run();
    scene.verdict("staging", "Failed");
    expect(scene.run().status.phase).toBe("Held");
    const { status } = scene.run();
    expect(status.conditions?.find(({ type }) => type === "ActionIgnored")?.message).toContain(
      "and what is held now is",
    );
    expect(scene.moves().filter((move) => move === "Held -> Verifying").length).toBe(1);
  });

  test("cannot be verified where it does not run", () => {
    const scene = held();
    scene.says("staging", runs(scene.target("staging"), "9.3.0", sha("c")));
    const { status } = scene.run();
    expect(status.blockedBy?.[0]?.gate).toBe("held");
    expect(status.blockedBy?.[0]?.who).toMatch(
      /^the author of the update: push a corrected one under a new name and a higher version, or delete this one first; or whoever may roll public back: /,
    );
    expect(status.blockedBy?.[0]?.command).toBeUndefined();
  });

  test("is asked about again while its agent is silent, or says that something else runs", () => {
    const scene = held();
    scene.agents.set("staging", { state: "NotAnswered", reason: "Unreachable", message: "connection refused" });
    expect(scene.run().wakeAt).toBe(scene.now + scene.settings.retryMs);
    scene.says("staging", runs(scene.target("staging"), "9.3.0", sha("c")));
    expect(scene.run().wakeAt).toBe(scene.now + scene.settings.retryMs);
  });

  test("keeps its claim, and gives way to a newer one that takes it", () => {
    const scene = held();
    expect(scene.target("staging").status.apps?.[0]?.claim?.uid).toBe("uid-patch");
    const target = scene.target("staging");
    scene.targets.set("staging", {
      ...target,
      status: { apps: [{ app: "default", sequence: 2, claim: { name: "newer", uid: "uid-newer", version: "9.5.0" } }] },
    });
    expect(scene.run().status).toMatchObject({
      phase: "Superseded",
      message: "staging was taken by deployments.ashat.raos.io/newer, which is newer",
    });
    expect(scene.target("staging").status.apps?.[0]?.claim?.uid).toBe("uid-newer");
  });

  test("leaves nothing known to be right where a newer one took over and was cancelled before it did anything", () => {
    const claim = { name: "older", uid: "uid-older", version: "9.4.1" };
    const scene = new Scene(
      update("patch"),
      server("staging", "Public", { approval: { required: 1 } }, { apps: [{ app: "default", sequence: 1, claim }] }),
    );
    scene.holders.set("staging", "Held");
    scene.run();
    scene.beforeEffect = (effect) => {
      if (effect.do === "record") throw new Error("crash");
    };
    scene.act("approve", "public", "ann");
    expect(() => scene.run()).toThrow("crash");
    scene.beforeEffect = () => undefined;
    scene.withdraw("approve", "public");
    scene.act("cancel", "public", "ann");
    expect(scene.run().status.phase).toBe("Cancelled");
    expect(scene.target("staging").status.apps).toEqual([{ app: "default", sequence: 2, unsettled: "older" }]);
  });
});
