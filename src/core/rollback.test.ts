import { describe, expect, test } from "vitest";
import { mainframe, runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { reported, Scene } from "../../test/unit/scene.ts";

const OLD = sha("c");

/** Staging, production and two mainframes in two waves, all of them at 9.3.0 until the update comes. */
function started(...names: readonly string[]): Scene {
  const all = [
    server("staging", "Public"),
    server("ra-01", "Omega"),
    mainframe("cust-1", { wave: 1 }),
    mainframe("cust-2", { wave: 2 }),
  ];
  const targets = all.filter(({ metadata }) => names.length === 0 || names.includes(metadata.name));
  const scene = new Scene(update("patch"), ...targets);
  for (const target of targets) scene.says(target.metadata.name, runs(target, "9.3.0", OLD));
  return scene;
}

function completed(): Scene {
  const scene = started();
  scene.runPassing();
  scene.act("approve", "omega", "ann");
  expect(scene.runPassing().status.phase).toBe("Completed");
  return scene;
}

const tokenOf = (scene: Scene, tier: string): string =>
  scene.deployment.status.tiers?.find(({ name }) => name === tier)?.token ?? "";

const restores = (scene: Scene): readonly string[] =>
  scene.done.flatMap((effect) =>
    effect.do === "restore"
      ? [`${effect.target.metadata.name} ${effect.order.sequence} ${effect.release.version}`]
      : [],
  );

describe("a completed update that is rolled back", () => {
  test("puts the mainframes back, newest wave first, then OMEGA, and leaves Public as it is", () => {
    const scene = completed();
    scene.act("rollback", "omega", "ben", { token: tokenOf(scene, "omega"), reason: "orders are lost" });
    const { status } = scene.run();
    expect(status).toMatchObject({ phase: "RolledBack", tier: "omega" });
    expect(status.message).toContain("ra-01 runs 9.3.0 again");
    expect(status.message).toContain("ben asked to roll omega back: orders are lost");
    expect(restores(scene)).toEqual(["cust-2 3 9.3.0", "cust-1 3 9.3.0", "ra-01 3 9.3.0"]);
    expect(status.tiers?.map(({ name, state }) => `${name} ${state}`)).toEqual([
      "public Passed",
      "omega RolledBack",
      "mainframes RolledBack",
    ]);
  });

  test("records who asked before anything is restored", () => {
    const scene = completed();
    scene.act("rollback", "omega", "ben", { token: tokenOf(scene, "omega") });
    scene.run();
    const asked = scene.records.findIndex(({ reason }) => reason === "RollbackAsked");
    expect(scene.records[asked]).toMatchObject({
      from: "Passed",
      to: "RollingBack",
      tier: "omega",
      actor: { name: "ben" },
    });
    expect(scene.records[asked]?.targets).toBeUndefined();
    expect(scene.records.slice(asked + 1).map(({ to }) => to)).toEqual([
      "RollingBack",
      "RolledBack",
      "RollingBack",
      "RolledBack",
      "RollingBack",
      "RolledBack",
    ]);
  });

  test("lets its targets go, known for what runs there again", () => {
    const scene = completed();
    scene.act("rollback", "omega", "ben", { token: tokenOf(scene, "omega") });
    scene.run();
    expect(scene.target("ra-01").status.apps?.[0]).toEqual({
      app: "default",
      sequence: 3,
      version: "9.3.0",
      digest: `sha256:${OLD}`,
      since: expect.any(String) as string,
    });
  });

  test("is rolled back on Public only when that is asked", () => {
    const scene = completed();
    scene.act("rollback", "public", "ben", { token: tokenOf(scene, "public") });
    expect(scene.run().status).toMatchObject({ phase: "RolledBack", tier: "public" });
    expect(restores(scene)).toEqual(["staging 3 9.3.0"]);
  });

  test("goes on where a crash left it, with one restore per target", () => {
    for (let kill = 0; kill < 16; kill += 1) {
      const scene = completed();
      scene.act("rollback", "omega", "ben", { token: tokenOf(scene, "omega") });
      let left = kill;
      scene.beforeEffect = () => {
        left -= 1;
        if (left === -1) throw new Error("crash");
      };
      try {
        scene.run();
      } catch {
        // as a crash does
      }
      scene.beforeEffect = () => undefined;
      expect(scene.run().status.phase).toBe("RolledBack");
      expect(restores(scene)).toEqual(["cust-2 3 9.3.0", "cust-1 3 9.3.0", "ra-01 3 9.3.0"]);
    }
  });

  test("waits ten minutes at most for a mainframe that does not answer, which keeps its standing order", () => {
    const scene = completed();
    const answers = scene.agents.get("cust-2");
    scene.agents.set("cust-2", { state: "NotAnswered", reason: "Unreachable", message: "no route to host" });
    scene.act("rollback", "omega", "ben", { token: tokenOf(scene, "omega") });
    const first = scene.run();
    expect(first.status).toMatchObject({ phase: "RollingBack" });
    expect(first.status.blockedBy?.[0]).toMatchObject({ gate: "reachable" });
    expect(restores(scene)).toEqual([]);
    scene.now += scene.settings.holdBackMs;
    expect(scene.run().status.phase).toBe("RollingBack");
    expect(restores(scene)).toEqual(["cust-1 3 9.3.0", "ra-01 3 9.3.0"]);
    scene.now += 86_400_000;
    if (answers) scene.agents.set("cust-2", answers);
    expect(scene.run().status.phase).toBe("RolledBack");
    expect(restores(scene).at(-1)).toBe("cust-2 3 9.3.0");
  });

  test("is asked again under a higher sequence where the agent has seen more than is stored", () => {
    const scene = completed();
    scene.agents.set("cust-2", { state: "NotAnswered", reason: "Unreachable", message: "no route to host" });
    scene.act("rollback", "mainframes", "ben", { token: tokenOf(scene, "mainframes") });
    scene.run();
    const target = scene.target("cust-2");
    scene.says(
      "cust-2",
      runs(target, "9.4.2", scene.digest().replace("sha256:", ""), {
        sequence: 7,
        previous: { version: "9.3.0", digest: OLD },
      }),
    );
    scene.now += 600_000;
    expect(scene.run().status.phase).toBe("RolledBack");
    expect(restores(scene).find((line) => line.startsWith("cust-2"))).toBe("cust-2 8 9.3.0");
  });
});

describe("a rollback that is asked for", () => {
  test("does nothing while a target runs a newer update, and says which one to roll back first", () => {
    const scene = completed();
    const target = scene.target("ra-01");
    const apps = [{ app: "default", sequence: 3, version: "9.5.0", digest: `sha256:${sha("d")}`, deployment: "newer" }];
    scene.targets.set("ra-01", { ...target, status: { ...target.status, apps } });
    scene.act("rollback", "omega", "ben", { token: tokenOf(scene, "omega") });
    const { status } = scene.run();
    expect(status.phase).toBe("Completed");
    expect(status.conditions?.find(({ type }) => type === "ActionIgnored")?.message).toContain(
      "rollback.ashat.raos.io/omega does nothing: ra-01 runs deployments.ashat.raos.io/newer since: roll that back first",
    );
  });

  test("does not happen later by itself when the newer one has gone: it has to be asked again", () => {
    const scene = completed();
    const early = tokenOf(scene, "omega");
    const target = scene.target("ra-01");
    const [mine] = target.status.apps ?? [];
    const runsNow = (app: object): void => {
      const there = scene.target("ra-01");
      const apps = [{ app: "default", sequence: 2, ...mine, ...app }];
      scene.targets.set("ra-01", { ...there, status: { ...there.status, apps } });
    };
    runsNow({ sequence: 3, version: "9.5.0", digest: `sha256:${sha("d")}`, deployment: "newer" });
    scene.act("rollback", "omega", "ben", { token: early });
    scene.run();
    scene.act("rollback", "omega", "ann", { slot: "2", token: tokenOf(scene, "omega") });
    expect(scene.run().status.phase).toBe("Completed");
    runsNow({ sequence: 4 });
    const { status } = scene.run();
    expect(status.phase).toBe("Completed");
    expect(status.conditions?.find(({ type }) => type === "ActionIgnored")?.message).toContain("and omega began with");
    scene.act("rollback", "omega", "ann", { slot: "3", token: tokenOf(scene, "omega") });
    expect(scene.run().status.phase).toBe("RolledBack");
  });

  test("with another token, or without a stamp, does nothing and is answered", () => {
    const scene = completed();
    scene.act("rollback", "omega", "ben", { token: "0123456789abcdef" });
    const { status } = scene.run();
    expect(status.phase).toBe("Completed");
    expect(status.conditions?.find(({ type }) => type === "ActionIgnored")?.message).toContain(
      "names 0123456789abcdef",
    );
    scene.annotate({
      "by.ashat.raos.io/rollback.omega": "ben",
      "rollback.ashat.raos.io/omega": tokenOf(scene, "omega"),
    });
    scene.policies = { state: "NotInForce", reason: "Missing", message: "gone" };
    expect(scene.run().status.phase).toBe("Completed");
  });

  test("stops an update on its way: what was verified goes back, and nothing goes on", () => {
    const scene = started();
    scene.runPassing();
    expect(scene.deployment.status).toMatchObject({ phase: "AwaitingApproval", tier: "omega" });
    scene.act("rollback", "public", "ben", { token: tokenOf(scene, "public") });
    expect(scene.run().status).toMatchObject({ phase: "RolledBack", tier: "public" });
    scene.act("approve", "omega", "ann", { token: "0123456789abcdef" });
    expect(scene.run().status.phase).toBe("RolledBack");
    expect(scene.done.filter((effect) => effect.do === "deliver").length).toBe(1);
  });

  test("puts back what is held, and a delivery that never arrived cannot arrive any more", () => {
    const scene = started("staging");
    scene.onOrder = () => ({ state: "NotAnswered", reason: "Unreachable", message: "no route to host" });
    scene.run();
    scene.orders.clear();
    scene.act("rollback", "public", "ben", { token: tokenOf(scene, "public") });
    expect(scene.run().status.phase).toBe("RolledBack");
    expect(restores(scene)).toEqual(["staging 3 9.3.0"]);
  });

  test("where nothing ran before leaves it held, and says so", () => {
    const scene = new Scene(update("patch"), server("staging", "Public"));
    scene.runPassing();
    scene.act("rollback", "public", "ben", { token: tokenOf(scene, "public") });
    const { status } = scene.run();
    expect(status.phase).toBe("Held");
    expect(status.message).toContain("nothing ran there before this update");
  });

  test("that could not be done is asked again by the token of that failure", () => {
    const scene = completed();
    scene.onRestore = (_, key) => reported(key, "Failed", "SnapshotGone");
    scene.act("rollback", "public", "ben", { token: tokenOf(scene, "public") });
    const { status } = scene.run();
    expect(status).toMatchObject({ phase: "Held", blockedBy: [{ gate: "held" }] });
    expect(status.blockedBy?.[0]?.command).toContain("rollback.ashat.raos.io/public.2=");
    scene.onRestore = (target, key, release) => scene.restored(target, key, release);
    scene.act("rollback", "public", "ben", { slot: "2", token: status.blockedBy?.[0]?.token ?? "" });
    const done = scene.run().status;
    expect(done.phase).toBe("RolledBack");
    expect(done.conditions?.map(({ type }) => type)).not.toContain("ActionIgnored");
  });
});

const failedOnOmega = (verdict: "Failed" | "Inconclusive"): Scene => {
  const scene = started("staging", "ra-01");
  scene.settings = { ...scene.settings, attempts: 1 };
  scene.runPassing();
  scene.act("approve", "omega", "ann");
  scene.run();
  scene.verdict("ra-01", verdict);
  return scene;
};

describe("a check that failed", () => {
  test("puts OMEGA back by itself, with the evidence recorded first", () => {
    const scene = failedOnOmega("Failed");
    const { status } = scene.run();
    expect(status).toMatchObject({ phase: "RolledBack", tier: "omega" });
    expect(scene.records.slice(-3).map(({ to, reason }) => `${to} ${reason}`)).toEqual([
      "Held VerificationFailed",
      "RollingBack RestoreOnFailure",
      "RolledBack Restored",
    ]);
    expect(restores(scene)).toEqual(["ra-01 3 9.3.0"]);
  });

  test("without proof either way puts nothing back", () => {
    const scene = failedOnOmega("Inconclusive");
    expect(scene.run().status.phase).toBe("Held");
    expect(restores(scene)).toEqual([]);
  });

  test("within the hour after the last restore waits for a person", () => {
    const scene = failedOnOmega("Failed");
    const target = scene.target("ra-01");
    const restoredAt = new Date(scene.now - 3_599_000).toISOString();
    const apps = (target.status.apps ?? []).map((app) => ({ ...app, restoredAt }));
    scene.targets.set("ra-01", { ...target, status: { ...target.status, apps } });
    expect(scene.run().status.phase).toBe("Held");
    scene.now += 3_600_000;
    expect(scene.run().status.phase).toBe("Held");
  });

  test("an hour after the last restore is put back again", () => {
    const scene = failedOnOmega("Failed");
    const target = scene.target("ra-01");
    const restoredAt = new Date(scene.now - 3_600_000).toISOString();
    const apps = (target.status.apps ?? []).map((app) => ({ ...app, restoredAt }));
    scene.targets.set("ra-01", { ...target, status: { ...target.status, apps } });
    expect(scene.run().status.phase).toBe("RolledBack");
  });

  test("goes back to what was last verified there, not to what merely ran there since", () => {
    const scene = started("staging");
    const good = { app: "default", sequence: 1, version: "9.2.0", digest: `sha256:${sha("e")}`, deployment: "older" };
    const target = scene.target("staging");
    scene.targets.set("staging", { ...target, status: { ...target.status, apps: [good] } });
    scene.runPassing();
    expect(scene.target("staging").status.apps?.[0]?.before).toMatchObject({ version: "9.2.0", deployment: "older" });
    scene.act("rollback", "public", "ben", { token: tokenOf(scene, "public") });
    expect(scene.run().status.phase).toBe("RolledBack");
    expect(restores(scene)).toEqual(["staging 3 9.2.0"]);
    expect(scene.target("staging").status.apps?.[0]).toMatchObject({ version: "9.2.0", deployment: "older" });
  });

  test("is put back on Public only where the server says Restore", () => {
    for (const onFailure of ["Hold", "Restore"] as const) {
      const scene = new Scene(update("patch"), server("staging", "Public", { onFailure }));
      scene.says("staging", runs(scene.target("staging"), "9.3.0", OLD));
      scene.run();
      scene.verdict("staging", "Failed");
      expect(scene.run().status.phase).toBe(onFailure === "Hold" ? "Held" : "RolledBack");
    }
  });
});

const oneFailed = (): Scene => {
  const scene = started();
  scene.runPassing();
  scene.act("approve", "omega", "ann");
  scene.onOrder = (target, key) => {
    const answer = scene.applied(target, key);
    return target.metadata.name === "cust-1" ? reported(key, "Failed", "HealthFailed") : answer;
  };
  scene.runPassing();
  return scene;
};

describe("a mainframe that fails", () => {
  test("is put back by itself, and the others wait for an approval that knows of it", () => {
    const scene = oneFailed();
    expect(restores(scene)).toEqual(["cust-1 3 9.3.0"]);
    expect(scene.deployment.status).toMatchObject({ phase: "AwaitingApproval", tier: "mainframes" });
    expect(scene.done.some((effect) => effect.do === "deliver" && effect.target.metadata.name === "cust-2")).toBe(
      false,
    );
    scene.act("approve", "mainframes", "ben");
    const { status } = scene.runPassing();
    expect(status.phase).toBe("Completed");
    expect(status.message).toContain("left out: cust-1");
    expect(restores(scene)).toEqual(["cust-1 3 9.3.0"]);
  });

  test("and falls silent stops the others for ten minutes, and for as long as nobody approves", () => {
    const scene = started();
    scene.runPassing();
    scene.act("approve", "omega", "ann");
    scene.onOrder = (target, key) => {
      const answer = scene.applied(target, key);
      if (target.metadata.name !== "cust-1") return answer;
      scene.agents.set("cust-1", { state: "NotAnswered", reason: "Unreachable", message: "no route to host" });
      return reported(key, "Failed", "HealthFailed");
    };
    scene.runPassing();
    expect(scene.deployment.status).toMatchObject({ phase: "RollingBack", tier: "mainframes" });
    scene.act("approve", "mainframes", "ben", { token: scene.deployment.status.token?.value ?? "" });
    scene.runPassing();
    const delivered = () => scene.done.some((one) => one.do === "deliver" && one.target.metadata.name === "cust-2");
    expect(delivered()).toBe(false);
    scene.now += scene.settings.holdBackMs;
    expect(scene.runPassing().status.phase).toBe("RollingBack");
    expect(delivered()).toBe(true);
  });

  test("ends nothing else: the rest can still be rolled back", () => {
    const scene = oneFailed();
    scene.act("rollback", "omega", "ben", { token: tokenOf(scene, "omega") });
    expect(scene.run().status.phase).toBe("RolledBack");
    expect(restores(scene)).toEqual(["cust-1 3 9.3.0", "ra-01 3 9.3.0"]);
  });

  test("and is deleted while it is put back leaves nothing to wait for", () => {
    const scene = completed();
    scene.agents.set("cust-2", { state: "NotAnswered", reason: "Unreachable", message: "no route to host" });
    scene.act("rollback", "mainframes", "ben", { token: tokenOf(scene, "mainframes") });
    expect(scene.run().status.phase).toBe("RollingBack");
    scene.targets.delete("cust-2");
    expect(scene.run().status.phase).toBe("RolledBack");
    expect(scene.records.find(({ reason }) => reason === "TargetGone")?.message).toBe(
      "cust-2 was deleted: nothing is left there to put back",
    );
  });
});

test("a target that could not be put back, and is deleted, holds up nothing", () => {
  const scene = completed();
  scene.onRestore = (_, key) => reported(key, "Failed", "SnapshotGone");
  scene.act("rollback", "public", "ben", { token: tokenOf(scene, "public") });
  expect(scene.run().status.phase).toBe("Held");
  scene.targets.delete("staging");
  expect(scene.run().status.phase).toBe("RolledBack");
});

test("what another update left half way is as little known to be right after a rollback as before", () => {
  const scene = completed();
  const target = scene.target("staging");
  const apps = (target.status.apps ?? []).map((app) => ({ ...app, unsettled: "half-way" }));
  scene.targets.set("staging", { ...target, status: { ...target.status, apps } });
  scene.says("staging", runs(target, "9.5.0", sha("d"), { sequence: 2 }));
  scene.act("rollback", "public", "ben", { token: tokenOf(scene, "public") });
  expect(scene.run().status.phase).toBe("RolledBack");
  expect(scene.target("staging").status.apps?.[0]).toMatchObject({ unsettled: "half-way", version: "9.4.2" });
});

test("what another update took since a rollback was asked is not taken from it", () => {
  const scene = completed();
  scene.act("rollback", "omega", "ben", { token: tokenOf(scene, "omega") });
  scene.beforeEffect = (effect) => {
    if (effect.do !== "record" || effect.record.reason !== "RollbackAsked") return;
    const target = scene.target("ra-01");
    const claim = { name: "newer", uid: "uid-newer", version: "9.5.0" };
    const apps = (target.status.apps ?? []).map((app) => ({ ...app, sequence: 9, claim }));
    scene.targets.set("ra-01", { ...target, status: { ...target.status, apps } });
  };
  scene.run();
  expect(scene.target("ra-01").status.apps?.[0]?.claim?.name).toBe("newer");
  expect(restores(scene)).toEqual(["cust-2 3 9.3.0", "cust-1 3 9.3.0"]);
});

test("a rollback that is asked for while the policies cannot be read is looked at again by itself", () => {
  const scene = completed();
  scene.act("rollback", "omega", "ben", { token: tokenOf(scene, "omega") });
  const { policies } = scene;
  scene.policies = { state: "NotInForce", reason: "Unknown", message: "the API server is busy" };
  expect(scene.run()).toMatchObject({ status: { phase: "Completed" }, wakeAt: scene.now + scene.settings.retryMs });
  scene.policies = policies;
  expect(scene.run().status.phase).toBe("RolledBack");
});

describe("what was planted while the policies were away", () => {
  const OTHERS = { state: "InForce", identity: { actions: 2 }, stamps: "ApiServer" } as const;

  test("takes nothing back when they are in force again, and is answered", () => {
    const scene = completed();
    const token = tokenOf(scene, "omega");
    scene.policies = { state: "NotInForce", reason: "Missing", message: "gone" };
    scene.act("rollback", "omega", "ann", { token });
    expect(scene.run().status.phase).toBe("Completed");
    scene.policies = OTHERS;
    const { status } = scene.run();
    expect(status.phase).toBe("Completed");
    expect(status.conditions?.find(({ type }) => type === "ActionIgnored")?.message).toContain(`names ${token}`);
    scene.act("rollback", "omega", "ann", { slot: "2", token: tokenOf(scene, "omega") });
    expect(scene.run().status.phase).toBe("RolledBack");
  });

  test("has nothing verified again", () => {
    const scene = new Scene(update("patch"), server("staging", "Public"));
    scene.run();
    scene.verdict("staging", "Failed");
    scene.run();
    const token = scene.token();
    scene.policies = { state: "NotInForce", reason: "Missing", message: "gone" };
    scene.act("verify", "public", "ann", { token });
    scene.policies = OTHERS;
    expect(scene.run().status.phase).toBe("Held");
  });

  test("asks for no second try of a restore", () => {
    const scene = completed();
    scene.onRestore = (_, key) => reported(key, "Failed", "SnapshotGone");
    scene.act("rollback", "public", "ben", { token: tokenOf(scene, "public") });
    const token = scene.run().status.blockedBy?.[0]?.token ?? "";
    scene.policies = { state: "NotInForce", reason: "Missing", message: "gone" };
    scene.act("rollback", "public", "ann", { slot: "2", token });
    scene.policies = OTHERS;
    expect(scene.run().status.phase).toBe("Held");
  });
});
