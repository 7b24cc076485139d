import { describe, expect, test } from "vitest";
import { mainframe, NOW, OFF, type Patch, runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";

/** 1 January 2030, 00:00 UTC, when every scene begins, is outside of it. */
const NIGHT: Patch = { windows: [{ from: "02:00", to: "04:00" }] };
const HOUR = 3_600_000;

const toOmega = (patch: Patch = {}, ...mainframes: readonly string[]): Scene => {
  const scene = new Scene(
    update("patch"),
    server("staging", "Public"),
    server("ra-01", "Omega", patch),
    ...mainframes.map((name) => mainframe(name)),
  );
  scene.runPassing();
  return scene;
};
const gates = (scene: Scene): readonly string[] => scene.run().status.blockedBy?.map(({ gate }) => gate) ?? [];
const delivered = (scene: Scene): readonly string[] =>
  scene.done.flatMap((effect) => (effect.do === "deliver" ? [effect.target.metadata.name] : []));
const override = (scene: Scene, by = "olga", reason = "the shop is down") => {
  scene.act("override", "omega", by, { reason, token: scene.deployment.status.token?.value ?? "" });
};

describe("the windows of a server", () => {
  test("keep an approved update waiting, which says until when and looks again then", () => {
    const scene = toOmega(NIGHT);
    expect(gates(scene)).toEqual(["approvals", "window"]);
    scene.act("approve", "omega", "alice");
    const { status, wakeAt } = scene.run();
    expect(status).toMatchObject({
      phase: "Waiting",
      blockedBy: [
        {
          gate: "window",
          message: "server ra-01 takes deliveries in its windows only; the next one opens 2030-01-01T02:00:00.000Z",
          clearsAt: "2030-01-01T02:00:00.000Z",
        },
      ],
    });
    expect(status.message).toBe(
      "server ra-01 takes deliveries in its windows only; the next one opens 2030-01-01T02:00:00.000Z (nobody, it opens by itself; in an emergency, people with the right to override on omega open it at once)",
    );
    expect(status.conditions?.map(({ type }) => type)).toEqual(["Succeeded"]);
    expect(wakeAt).toBe(NOW + 2 * HOUR);
    expect(delivered(scene)).toEqual(["staging"]);
    scene.now = NOW + 2 * HOUR;
    scene.run();
    expect(delivered(scene)).toEqual(["staging", "ra-01"]);
  });

  test("do not stop what began in them", () => {
    const scene = toOmega(NIGHT);
    scene.act("approve", "omega", "alice");
    scene.now = NOW + 2 * HOUR;
    scene.run();
    scene.now = NOW + 5 * HOUR;
    expect(scene.runPassing().status.phase).toBe("Completed");
  });

  test("are those of the mainframes it feeds, too", () => {
    const scene = toOmega(NIGHT, "cust-1", "cust-2");
    scene.act("approve", "omega", "alice");
    scene.now = NOW + 2 * HOUR;
    scene.run();
    scene.now = NOW + 5 * HOUR;
    const { status, wakeAt } = scene.runPassing();
    expect(status.blockedBy).toMatchObject([{ gate: "window", clearsAt: "2030-01-02T02:00:00.000Z" }]);
    expect(wakeAt).toBe(NOW + 26 * HOUR);
    expect(delivered(scene)).toEqual(["staging", "ra-01"]);
    scene.now = NOW + 26 * HOUR;
    expect(scene.runPassing().status).toMatchObject({ phase: "Completed", mainframes: "2/2" });
  });

  test("stay shut where their zone is not known, and say who can correct it", () => {
    const scene = toOmega({ windows: [{ from: "00:00", to: "00:00", timeZone: "Mars/Olympus" }] });
    scene.act("approve", "omega", "alice");
    const { status, wakeAt } = scene.run();
    expect(status.blockedBy).toMatchObject([
      { gate: "window", who: "who administers the namespace: correct spec.windows of the server" },
    ]);
    expect(status.message).toContain("Mars/Olympus");
    expect(status.blockedBy?.[0]?.clearsAt).toBeUndefined();
    expect(wakeAt).toBeUndefined();
  });

  test("keep nothing from being verified that runs there already", () => {
    const scene = toOmega(NIGHT);
    scene.says("ra-01", runs(scene.target("ra-01"), "9.4.2", sha("a")));
    expect(scene.run().status.phase).toBe("Verifying");
  });

  test("of several servers those that are open go ahead, and the gate opens for good with the last", () => {
    const late: Patch = { windows: [{ from: "06:00", to: "07:00" }] };
    for (const [one, two] of [
      [late, NIGHT],
      [NIGHT, late],
    ] as const) {
      const scene = new Scene(
        update("patch"),
        server("one", "Public", one),
        server("two", "Public", two),
        server("three", "Public"),
      );
      const { status, wakeAt } = scene.runPassing();
      expect(delivered(scene)).toEqual(["three"]);
      expect(status.blockedBy).toMatchObject([{ gate: "window", clearsAt: "2030-01-01T06:00:00.000Z" }]);
      expect(wakeAt).toBe(NOW + 2 * HOUR);
    }
  });

  test("that no time opens beside one that it does say no time", () => {
    const never: Patch = { windows: [{ from: "00:00", to: "00:00", timeZone: "Mars/Olympus" }] };
    for (const [one, two] of [
      [never, NIGHT],
      [NIGHT, never],
    ] as const) {
      const scene = new Scene(update("patch"), server("one", "Public", one), server("two", "Public", two));
      const { status, wakeAt } = scene.run();
      expect(status.blockedBy?.map(({ clearsAt }) => clearsAt)).toEqual([undefined]);
      expect(wakeAt).toBe(NOW + 2 * HOUR);
    }
  });
});

const answerTo = (act: (scene: Scene) => void): string => {
  const scene = toOmega(NIGHT);
  scene.act("approve", "omega", "alice");
  scene.run();
  act(scene);
  expect(gates(scene)).toEqual(["window"]);
  return scene.deployment.status.conditions?.find(({ type }) => type === "ActionIgnored")?.message ?? "";
};

describe("an override", () => {
  test("opens the window at once, and the record, the message and a warning name who, what and why", () => {
    const scene = toOmega(NIGHT);
    scene.act("approve", "omega", "alice");
    scene.run();
    override(scene);
    scene.beforeEffect = (effect) => {
      if (effect.do === "deliver") throw new Error("crash");
    };
    expect(() => scene.run()).toThrow("crash");
    scene.beforeEffect = () => undefined;
    expect(scene.last()).toMatchObject({
      to: "Delivering",
      reason: "Approved",
      approvals: [{ user: "alice" }],
      overrides: [{ user: "olga", reason: "the shop is down", gates: ["window"] }],
      actor: { name: "alice, olga", known: "Admission" },
      message: "approved by alice: 9.4.2 goes to ra-01; olga opened window before the time: the shop is down",
    });
    // The process that wrote the record died before it said anything: the next one does.
    expect(scene.run().warnings).toMatchObject([
      { type: "Warning", reason: "Overridden", note: scene.records.at(-2)?.message },
    ]);
    expect(scene.run().warnings).toBeUndefined();
  });

  test("replaces no approval", () => {
    const scene = toOmega(NIGHT);
    override(scene);
    expect(gates(scene)).toEqual(["approvals"]);
    expect(delivered(scene)).toEqual(["staging"]);
  });

  test("by itself lets a server begin that asks for no approval, and is what somebody asked for", () => {
    const scene = new Scene(update("patch"), server("staging", "Public", NIGHT));
    scene.run();
    scene.act("override", "public", "olga", { reason: "now" });
    scene.run();
    expect(scene.records[1]).toMatchObject({ reason: "Overridden", actor: { name: "olga", known: "Admission" } });
  });

  test("of whoever is not stamped, names another token or gives no reason opens nothing, and is answered", () => {
    expect(answerTo((scene) => override(scene, "olga", ""))).toBe(
      "override.ashat.raos.io/omega gives no reason, and opens nothing without one",
    );
    expect(
      answerTo((scene) => scene.act("override", "omega", "olga", { token: "0".repeat(16), reason: "now" })),
    ).toContain("names 0000000000000000, and the token is");
    expect(
      answerTo((scene) =>
        scene.annotate({ "override.ashat.raos.io/omega": `${scene.deployment.status.token?.value ?? ""} now` }),
      ),
    ).toContain("is not stamped by the API server");
  });

  test("opens nothing while nobody can know who wrote it", () => {
    const scene = new Scene(update("patch"), server("staging", "Public", NIGHT));
    scene.policies = OFF;
    scene.run();
    scene.act("override", "public", "olga", { reason: "now" });
    expect(gates(scene)).toEqual(["window"]);
  });

  test("opens nothing else", () => {
    const scene = toOmega(NIGHT);
    scene.act("approve", "omega", "alice");
    override(scene);
    scene.agents.set("ra-01", { state: "NotAnswered", reason: "Unreachable", message: "connection refused" });
    expect(gates(scene)).toEqual(["reachable"]);
  });

  test("that nothing needed is named nowhere", () => {
    const scene = toOmega();
    scene.act("approve", "omega", "alice");
    override(scene);
    const { warnings } = scene.run();
    expect(warnings).toBeUndefined();
    expect(scene.records.every(({ overrides }) => overrides === undefined)).toBe(true);
  });

  test("is printed as a command with a place for the reason", () => {
    const scene = toOmega(NIGHT);
    const gate = scene.run().status.blockedBy?.find((one) => one.gate === "window");
    expect(gate?.command).toBe(
      `kubectl annotate deployments.ashat.raos.io/patch -n prod --field-manager=ashat 'override.ashat.raos.io/omega=${scene.deployment.status.token?.value} <reason>'`,
    );
  });
});
