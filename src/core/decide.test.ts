import { describe, expect, test } from "vitest";
import { mainframe, runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";
import { decide } from "./decide.ts";

const whole = (): Scene =>
  new Scene(
    update("patch"),
    server("staging", "Public"),
    server("ra-01", "Omega"),
    mainframe("cust-1"),
    mainframe("cust-2"),
  );

describe("the way through the tiers", () => {
  test("nothing is delivered to a tier before the one before it has passed", () => {
    const scene = whole();
    scene.run();
    expect(delivered(scene)).toEqual(["staging"]);
    scene.verdict("staging", "Passed");
    expect(scene.run().status).toMatchObject({ phase: "AwaitingApproval", tier: "omega" });
    expect(delivered(scene)).toEqual(["staging"]);
    scene.act("approve", "omega", "alice");
    scene.run();
    expect(delivered(scene)).toEqual(["staging", "ra-01"]);
    scene.verdict("ra-01", "Passed");
    expect(scene.run().status).toMatchObject({ phase: "Completed", mainframes: "2/2" });
    expect(delivered(scene)).toEqual(["staging", "ra-01", "cust-1", "cust-2"]);
  });

  test("ALPHA takes part where there is one, and not any more once PUBLIC has begun", () => {
    const scene = whole();
    scene.add(server("dev", "Alpha"));
    expect(scene.run().status.tier).toBe("alpha");
    scene.verdict("dev", "Passed");
    expect(scene.run().status.tier).toBe("public");
    const late = whole();
    late.run();
    late.add(server("dev", "Alpha"));
    expect(late.run().status.tier).toBe("public");
    expect(late.runPassing().status.tiers?.map(({ name }) => name)).toEqual(["public", "omega", "mainframes"]);
  });

  test("each target gets the order once, under a sequence of its own claim", () => {
    const scene = whole();
    scene.runPassing();
    scene.act("approve", "omega", "alice");
    scene.runPassing();
    expect(scene.done.filter((effect) => effect.do === "deliver").map((effect) => effect.order.sequence)).toEqual([
      1, 1, 1, 1,
    ]);
    expect(scene.done.filter((effect) => effect.do === "claim").length).toBe(4);
    expect(scene.done.filter((effect) => effect.do === "release").length).toBe(4);
  });

  test("a claim stands before the record, and the record before the order", () => {
    const scene = whole();
    scene.run();
    expect(scene.done.slice(0, 4).map((effect) => (effect.do === "record" ? effect.record.to : effect.do))).toEqual([
      "Waiting",
      "claim",
      "Delivering",
      "deliver",
    ]);
  });

  test("effects come only from a consistent read", () => {
    const scene = whole();
    expect(decide(scene.observed(undefined, false), scene.now)).toMatchObject({ kind: "look", look: { live: true } });
    expect(decide(scene.observed(undefined, true), scene.now)).toMatchObject({ kind: "act" });
  });

  test("an approval is acted on only after the policies were read again", () => {
    const scene = whole();
    scene.runPassing();
    scene.act("approve", "omega", "alice");
    scene.beforeEffect = (effect) => {
      if (effect.do === "record") throw new Error("stop here");
    };
    expect(() => scene.run()).toThrow("stop here");
    expect(decide({ ...scene.observed(), proven: false }, scene.now)).toMatchObject({
      kind: "look",
      look: { live: true, policies: true },
    });
    expect(decide(scene.observed(), scene.now)).toMatchObject({
      kind: "act",
      effects: [{ do: "record", record: { to: "Delivering" } }],
    });
    expect(decide({ ...scene.observed(), policies: { state: "NotAsked" } }, scene.now)).toMatchObject({
      kind: "look",
      look: { policies: true },
    });
  });
});

const distributed = (...targets: readonly ReturnType<typeof mainframe>[]): Scene => {
  const scene = new Scene(update("patch"), server("staging", "Public"), server("ra-01", "Omega"), ...targets);
  scene.runPassing();
  scene.act("approve", "omega", "alice");
  return scene;
};

describe("mainframes", () => {
  test("waves go one after the other", () => {
    const scene = distributed(mainframe("early"), mainframe("late", { wave: 2 }));
    scene.runPassing();
    const order = scene.records
      .filter((record) => record.tier === "mainframes")
      .map((record) => `${record.to} ${record.targets?.map(({ name }) => name).join() ?? ""}`);
    expect(order).toEqual([
      "Delivering early",
      "Verifying early",
      "Passed early",
      "Delivering late",
      "Verifying late",
      "Passed late",
    ]);
  });

  test("one that is held keeps the next wave waiting", () => {
    const scene = distributed(mainframe("early"), mainframe("late", { wave: 2 }));
    scene.onOrder = (target, key) =>
      target.metadata.name === "early"
        ? { state: "Refused", reason: "WrongAudience", message: "that is not me" }
        : scene.applied(target, key);
    expect(scene.runPassing().status).toMatchObject({ phase: "Held", tier: "mainframes" });
    expect(delivered(scene)).not.toContain("late");
  });

  test("one without a licence holds up nobody else, and keeps the update open until it has one", () => {
    const scene = distributed(mainframe("early"), mainframe("late", { wave: 2 }));
    scene.licences.set("early", { valid: false, reason: "LicenceExpired", message: "it ended yesterday" });
    const { status } = scene.runPassing();
    expect(delivered(scene)).toEqual(["staging", "ra-01", "late"]);
    expect(status).toMatchObject({ phase: "Waiting", mainframes: "1/2", blockedBy: [{ gate: "licence" }] });
    expect(status.message).toContain("LicenceExpired: mainframe early: it ended yesterday");
    expect(status.conditions?.map(({ type }) => type)).not.toContain("Reconciling");
    scene.licences.set("early", { valid: true, holder: "Example Ltd" });
    expect(scene.runPassing().status.phase).toBe("Completed");
  });

  test("one whose Omega server is not there takes no part", () => {
    const scene = distributed(mainframe("elsewhere", { omega: "ra-99" }));
    expect(scene.runPassing().status).toMatchObject({ phase: "Completed", mainframes: "0/0" });
    expect(delivered(scene)).not.toContain("elsewhere");
  });

  test("one that is added after the update completed does not open it again", () => {
    const scene = distributed(mainframe("cust-1"));
    scene.runPassing();
    scene.add(mainframe("cust-2"));
    expect(scene.run().status).toMatchObject({ phase: "Completed", mainframes: "1/1" });
  });

  test("a fleet of them fits into the records", () => {
    const scene = distributed(...Array.from({ length: 510 }, (_, n) => mainframe(`customer-with-a-long-name-${n}`)));
    expect(scene.runPassing().status).toMatchObject({ phase: "Completed", mainframes: "510/510" });
    expect(
      scene.records
        .filter(({ to, tier }) => to === "Passed" && tier === "mainframes")
        .map(({ targets }) => targets?.length),
    ).toEqual([500, 10]);
  });
});

describe("what stops everything", () => {
  test("a chain that does not prove itself", () => {
    const scene = whole();
    scene.run();
    const [first, ...rest] = scene.records;
    scene.records = first ? [{ ...first, message: "something else" }, ...rest] : [];
    scene.verdict("staging", "Passed");
    const before = scene.done.length;
    const { status } = scene.run();
    expect(status.phase).toBe("Held");
    expect(status.message).toContain("its content does not match its hash");
    expect(scene.done.length).toBe(before);
  });

  test("a deletion that is under way", () => {
    const scene = whole();
    scene.deployment = {
      ...scene.deployment,
      metadata: { ...scene.deployment.metadata, deletionTimestamp: "2030-01-01T00:00:00.000Z" },
    };
    expect(scene.run().status.message).toContain("it is being deleted");
    expect(scene.done).toEqual([]);
  });

  test("an update id that was used for another artifact", () => {
    const before = whole();
    before.runPassing();
    const scene = whole();
    scene.deployment = update("patch", { version: "9.4.3" }, "uid-second");
    scene.others = before.records;
    expect(scene.run().status).toMatchObject({ phase: "Refused" });
    expect(scene.last()).toMatchObject({ reason: "UpdateIdReused" });
    expect(delivered(scene)).toEqual([]);
  });

  test("nothing about an update created again just as it was", () => {
    const before = whole();
    before.runPassing();
    const scene = whole();
    scene.deployment = update("patch", {}, "uid-second");
    scene.others = before.records;
    expect(scene.run().status.phase).toBe("Verifying");
  });
});

describe("targets that are deleted on the way", () => {
  test("one that was verified can prove nothing any more: the update is held", () => {
    const scene = whole();
    scene.run();
    scene.targets.delete("staging");
    expect(scene.run().status).toMatchObject({ phase: "Held", blockedBy: [{ gate: "gone" }, { gate: "references" }] });
    expect(scene.last()).toMatchObject({ reason: "TargetGone", from: "Verifying" });
  });

  test("the only one that had not begun lets the tier pass with the others", () => {
    const scene = new Scene(update("patch"), server("one", "Public"), server("two", "Public"));
    scene.agents.set("two", { state: "NotAnswered", reason: "Unreachable", message: "connection refused" });
    scene.runPassing();
    scene.targets.delete("two");
    expect(scene.run().status.tier).toBe("omega");
    expect(scene.last()).toMatchObject({ tier: "public", reason: "NothingLeft", completes: true });
  });
});

const through = (crashBefore: number): Scene => {
  const scene = whole();
  let effects = 0;
  scene.beforeEffect = () => {
    effects += 1;
    if (effects === crashBefore) throw new Error("crash");
  };
  const run = (): void => {
    try {
      scene.runPassing();
    } catch (error) {
      if (!(error instanceof Error && error.message === "crash")) throw error;
      scene.runPassing();
    }
  };
  run();
  scene.act("approve", "omega", "alice");
  run();
  return scene;
};

test("a crash before any effect, and a fresh start, comes to the same end with nothing done twice", () => {
  const good = through(0);
  expect(good.done.length).toBeGreaterThan(25);
  for (let at = 1; at <= good.done.length; at += 1) {
    const scene = through(at);
    expect(scene.deployment.status.phase).toBe("Completed");
    expect(scene.moves()).toEqual(good.moves());
    expect(delivered(scene)).toEqual(delivered(good));
  }
});

test("an event is told when the phase or the tier changes, and only then", () => {
  const scene = whole();
  expect(scene.run().event).toMatchObject({ reason: "Verifying", type: "Normal" });
  expect(scene.run().event).toBeUndefined();
  scene.verdict("staging", "Passed");
  expect(scene.run().event).toMatchObject({ reason: "AwaitingApproval" });
  scene.policies = { state: "InForce", stamps: "ApiServer", identity: { actions: 2 } };
  expect(scene.run().event).toBeUndefined();
});

test("a target that runs the artifact already is verified without delivery and without approval", () => {
  const scene = whole();
  for (const [name, target] of scene.targets) scene.says(name, runs(target, "9.4.2", sha("a")));
  expect(scene.runPassing().status.phase).toBe("Completed");
  expect(delivered(scene)).toEqual([]);
  expect(scene.moves().filter((move) => move === "Waiting -> Verifying").length).toBe(3);
});

const delivered = (scene: Scene): readonly string[] =>
  scene.done.flatMap((effect) => (effect.do === "deliver" ? [effect.target.metadata.name] : []));
