import { describe, expect, test } from "vitest";
import { bare, type Patch, runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";
import type { Rival } from "./observed.ts";
import { rivalOf } from "./queue.ts";

const rival = (patch: Partial<Rival> = {}): Rival => ({
  name: "next",
  uid: "uid-next",
  version: "9.5.0",
  tier: "omega",
  begun: false,
  verified: true,
  held: false,
  quarantined: false,
  ...patch,
});

/** An update that has passed Public and waits for approval at OMEGA. */
const waitingAtOmega = (spec: Patch = {}, omega: Patch = {}): Scene => {
  const scene = new Scene(update("patch", spec), server("staging", "Public"), server("ra-01", "Omega", omega));
  expect(scene.runPassing().status.blockedBy?.[0]?.gate).toBe("approvals");
  return scene;
};
const phaseBeside = (scene: Scene, ...rivals: readonly Rival[]) => {
  scene.rivals = rivals;
  return scene.run().status.phase;
};

describe("an update that waits for approval", () => {
  test("is superseded by a newer one that was verified and has come as far, and names it", () => {
    const scene = waitingAtOmega();
    expect(phaseBeside(scene, rival({ version: "9.4.9", name: "between" }), rival())).toBe("Superseded");
    expect(scene.last()).toMatchObject({
      tier: "omega",
      from: "Waiting",
      to: "Superseded",
      reason: "SupersededByNewer",
      message: "deployments.ashat.raos.io/next is newer (9.5.0), verified, and has come as far: omega gets that one",
    });
    expect(scene.last().targets).toBeUndefined();
  });

  test("is superseded by one that works there, or further on", () => {
    expect(phaseBeside(waitingAtOmega(), rival({ begun: true }))).toBe("Superseded");
    expect(phaseBeside(waitingAtOmega(), rival({ tier: "mainframes" }))).toBe("Superseded");
  });

  test("stays where the other one is older, not as far, not verified, held, or was taken back before", () => {
    for (const other of [
      rival({ version: "9.4.1" }),
      rival({ version: "9.4.2" }),
      rival({ tier: "public" }),
      rival({ verified: false }),
      rival({ held: true }),
      rival({ quarantined: true }),
    ])
      expect(phaseBeside(waitingAtOmega(), other)).toBe("AwaitingApproval");
  });

  test("stays where it is meant to replace a newer one", () => {
    expect(phaseBeside(waitingAtOmega({ allowOlder: true }), rival())).toBe("AwaitingApproval");
  });

  test("stays where the server wants its updates in order", () => {
    expect(phaseBeside(waitingAtOmega({}, { queue: "Ordered" }), rival())).toBe("AwaitingApproval");
  });
});

test("an update that people have approved is not superseded, nor one that has begun", () => {
  const approved = waitingAtOmega();
  approved.act("approve", "omega", "alice");
  expect(phaseBeside(approved, rival())).toBe("Verifying");
  const early = waitingAtOmega({}, { windows: [{ from: "02:00", to: "04:00" }] });
  early.act("approve", "omega", "alice");
  expect(phaseBeside(early, rival())).toBe("Waiting");
});

test("an update that has begun in the tier goes on there, also where it waits for approval again", () => {
  const scene = new Scene(
    update("patch"),
    server("staging", "Public"),
    server("ra-01", "Omega"),
    server("ra-02", "Omega"),
  );
  scene.runPassing();
  scene.agents.set("ra-02", { state: "NotAnswered", reason: "Unreachable", message: "connection refused" });
  scene.act("approve", "omega", "alice");
  scene.runPassing();
  scene.withdraw("approve", "omega");
  scene.says("ra-02", bare());
  expect(phaseBeside(scene, rival())).not.toBe("Superseded");
  expect(scene.run().status.blockedBy).toMatchObject([{ gate: "approvals" }]);
});

test("an update that runs there already needs no approval and is not superseded while it waits for nothing", () => {
  const scene = waitingAtOmega();
  scene.says("ra-01", runs(scene.target("ra-01"), "9.4.2", sha("a")));
  expect(phaseBeside(scene, rival())).toBe("Verifying");
});

const older = (patch: Partial<Rival> = {}): Rival => rival({ name: "before", version: "9.4.1", ...patch });
const ordered = (patch: Patch, ...rivals: readonly Rival[]): Scene => {
  const scene = new Scene(update("patch"), server("staging", "Public", { queue: "Ordered", ...patch }));
  scene.rivals = rivals;
  return scene;
};
const gates = (scene: Scene): readonly string[] => scene.run().status.blockedBy?.map(({ gate }) => gate) ?? [];

describe("on a server that takes updates in order", () => {
  test("the newer one waits for the older one, by name, until that one has passed there", () => {
    const scene = ordered(
      {},
      older({ tier: "public", version: "9.4.1" }),
      older({ name: "first", tier: "alpha", version: "9.4.0" }),
    );
    expect(scene.run().status.blockedBy).toMatchObject([
      {
        gate: "queue",
        message: "server staging takes updates in order, and deployments.ashat.raos.io/first (9.4.0) comes first",
      },
    ]);
    scene.rivals = [older({ tier: "omega" })];
    expect(gates(scene)).toEqual([]);
    expect(scene.run().status.phase).toBe("Verifying");
  });

  test("it waits for no newer one, and not for one that is held, which gives way", () => {
    expect(gates(ordered({}, rival({ tier: "public" })))).toEqual([]);
    expect(gates(ordered({}, older({ tier: "public", held: true })))).toEqual([]);
  });

  test("where what passed must stay good, it waits until the older one has begun the next tier", () => {
    const scene = ordered({ soakSeconds: 60 }, older({ tier: "omega", begun: false }));
    expect(gates(scene)).toEqual(["queue"]);
    scene.rivals = [older({ tier: "omega", begun: true })];
    expect(gates(scene)).toEqual([]);
  });
});

const seen = (scene: Scene) => rivalOf(scene.records, scene.observed().targets);

describe("what another update is, by its records", () => {
  test("nothing before it has a record, how far it is while it goes on, and nothing once it has ended", () => {
    const scene = new Scene(
      update("next", { version: "9.5.0" }),
      server("staging", "Public"),
      server("ra-01", "Omega"),
    );
    expect(seen(scene)).toBeUndefined();
    scene.run();
    expect(seen(scene)).toEqual(rival({ tier: "public", begun: true, verified: false }));
    scene.runPassing();
    expect(seen(scene)).toEqual(rival());
    scene.act("cancel", "omega", "alice");
    scene.run();
    expect(seen(scene)).toBeUndefined();
  });

  test("held where something of its tier is", () => {
    const scene = new Scene(update("next", { version: "9.5.0" }), server("staging", "Public"));
    scene.run();
    scene.verdict("staging", "Failed");
    expect(scene.run().status.phase).toBe("Held");
    expect(seen(scene)).toEqual(rival({ tier: "public", begun: true, verified: false, held: true }));
  });

  test("nothing once something of it is taken back", () => {
    const scene = waitingAtOmega();
    scene.act("rollback", "public", "alice", { token: scene.deployment.status.tiers?.[0]?.token ?? "" });
    scene.run();
    expect(scene.records.some(({ to }) => to === "RollingBack")).toBe(true);
    expect(seen(scene)).toBeUndefined();
  });

  test("nothing once it is through", () => {
    const scene = waitingAtOmega();
    scene.act("approve", "omega", "alice");
    expect(scene.runPassing().status.phase).toBe("Completed");
    expect(seen(scene)).toBeUndefined();
  });
});
