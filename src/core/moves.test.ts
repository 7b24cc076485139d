import { expect, test } from "vitest";
import { mainframe, runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { reported, Scene } from "../../test/unit/scene.ts";
import { ENDS, isLegal, MOVES } from "./moves.ts";
import { nextRecord } from "./record.ts";

const tokenOfPublic = (scene: Scene): string =>
  scene.deployment.status.tiers?.find(({ name }) => name === "public")?.token ?? "";

function rolledBack(until: (scene: Scene) => unknown): Scene {
  const scene = new Scene(update("patch"), server("staging", "Public"), server("ra-01", "Omega"));
  scene.says("staging", runs(scene.target("staging"), "9.3.0", sha("c")));
  until(scene);
  scene.act("rollback", "public", "alice", { token: tokenOfPublic(scene) });
  scene.run();
  return scene;
}

/** Small worlds that between them go every way there is. */
const WAYS: Readonly<Record<string, () => Scene>> = {
  "through every tier": () => {
    const scene = new Scene(
      update("patch"),
      server("staging", "Public"),
      server("ra-01", "Omega"),
      mainframe("cust-1"),
    );
    scene.runPassing();
    scene.act("approve", "omega", "alice");
    scene.runPassing();
    return scene;
  },
  "with no mainframe": () => {
    const scene = new Scene(update("patch"), server("staging", "Public"), server("ra-01", "Omega"));
    scene.says("ra-01", runs(scene.target("ra-01"), "9.4.2", sha("a")));
    scene.runPassing();
    return scene;
  },
  "cancelled while it waits for omega": () => {
    const scene = new Scene(update("patch"), server("staging", "Public"), server("ra-01", "Omega"));
    scene.runPassing();
    scene.act("cancel", "omega", "alice");
    scene.run();
    return scene;
  },
  "to a server that runs a newer version": () => {
    const scene = new Scene(update("patch"), server("staging", "Public"));
    scene.says("staging", runs(scene.target("staging"), "9.5.0", sha("b")));
    scene.run();
    return scene;
  },
  "to a server that runs the version with another artifact": () => {
    const scene = new Scene(update("patch"), server("staging", "Public"));
    scene.says("staging", runs(scene.target("staging"), "9.4.2", sha("b")));
    scene.run();
    return scene;
  },
  "with an order that fails": () => {
    const scene = new Scene(update("patch"), server("staging", "Public"));
    scene.onOrder = () => ({ state: "Refused", reason: "LicenceExpired", message: "the licence is over" });
    scene.run();
    return scene;
  },
  "with proof only at the second look": () => {
    const scene = new Scene(update("patch"), server("staging", "Public"));
    scene.run();
    scene.verdict("staging", "Inconclusive");
    scene.runPassing();
    return scene;
  },
  "rolled back before the agent took the order": () =>
    rolledBack((scene) => {
      scene.onOrder = () => ({ state: "NotAnswered", reason: "Unreachable", message: "no route to host" });
      scene.run();
    }),
  "rolled back while it is verified": () => rolledBack((scene) => scene.run()),
  "rolled back after it passed": () => rolledBack((scene) => scene.runPassing()),
  "rolled back after a failed check, by an agent that fails and has taken more": () => {
    const scene = new Scene(update("patch"), server("staging", "Public"));
    scene.says("staging", runs(scene.target("staging"), "9.3.0", sha("c")));
    scene.run();
    scene.verdict("staging", "Failed");
    scene.run();
    scene.onRestore = () => ({ state: "Refused", reason: "SequenceTooLow", message: "9 was taken" });
    scene.act("rollback", "public", "alice", { token: tokenOfPublic(scene) });
    scene.beforeEffect = (effect) => {
      if (effect.do === "record" && effect.record.reason === "RestoreAgain")
        scene.onRestore = (_, key) => reported(key, "Failed", "SnapshotGone");
    };
    scene.run();
    return scene;
  },
  "delivered again where something else was run by hand": () => {
    const scene = new Scene(update("patch"), server("staging", "Public", { drift: "Heal" }));
    scene.runPassing();
    const target = scene.target("staging");
    const conditions = [
      { type: "Drifted", status: "True" as const, reason: "NotAsDelivered", message: "", lastTransitionTime: "" },
    ];
    scene.targets.set("staging", { ...target, status: { ...target.status, conditions } });
    scene.says("staging", runs(target, "9.3.0", sha("c")));
    scene.run();
    return scene;
  },
  "verified again after a failure, and then taken over": () => {
    const scene = new Scene(update("patch"), server("staging", "Public"));
    scene.run();
    scene.verdict("staging", "Failed");
    scene.run();
    scene.act("verify", "public", "alice");
    scene.run();
    scene.verdict("staging", "Failed");
    scene.run();
    const target = scene.target("staging");
    scene.targets.set("staging", {
      ...target,
      status: { apps: [{ app: "default", sequence: 2, claim: { name: "newer", uid: "uid-newer", version: "9.5.0" } }] },
    });
    scene.run();
    return scene;
  },
};

test("every legal move is made by some update, and none beside them", () => {
  const made = new Set(Object.values(WAYS).flatMap((way) => way().moves()));
  expect([...made].sort()).toEqual(MOVES.map(({ from, to }) => `${from} -> ${to}`).sort());
});

test("a move beside the table cannot be written", () => {
  const { deployment, records } = new Scene(update("patch"));
  expect(() =>
    nextRecord({ deployment, records }, 0, { from: "Held", to: "Passed", reason: "Trust", message: "believe me" }),
  ).toThrow("no legal move from Held to Passed");
  expect(() =>
    nextRecord({ deployment, records }, 0, { to: "Passed", reason: "Trust", message: "believe me" }),
  ).toThrow("no legal move");
});

test("nothing leaves an end, and every state but the ends can be left or is how a tier passes", () => {
  for (const end of ENDS) expect(MOVES.filter(({ from }) => from === end)).toEqual([]);
  expect(isLegal("Delivering", "Deleted")).toBe(true);
});
