import { describe, expect, test } from "vitest";
import { bare, type Patch, runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";
import type { State } from "../api/states.ts";

const publicOnly = (patch: Patch = {}, spec: Patch = {}): Scene =>
  new Scene(update("patch", spec), server("staging", "Public", patch));
const gates = (scene: Scene): readonly string[] => scene.run().status.blockedBy?.map(({ gate }) => gate) ?? [];

describe("gates that keep an update waiting, each with who can open it", () => {
  test("no server of the tier", () => {
    const scene = new Scene(update("patch"));
    const { status } = scene.run();
    expect(status.blockedBy).toMatchObject([{ gate: "references" }]);
    expect(status.blockedBy?.[0]?.command).toContain('"tier":"Public"');
    expect(status.message).toContain("Public Server not configured");
    scene.add(server("staging", "Public"));
    expect(gates(scene)).toEqual([]);
  });

  test("a driver that this version does not have, or that does not take such an artifact", () => {
    expect(gates(publicOnly({ git: { url: "ssh://git@host/deploy", path: "apps" } }))).toEqual(["driver"]);
    expect(
      gates(publicOnly({}, { artifact: { image: { ref: "registry.example/ra", digest: `sha256:${sha("a")}` } } })),
    ).toEqual(["driver"]);
  });

  test("a required check that nothing configures", () => {
    const scene = publicOnly({ checks: { required: ["Health Check", "Database Connection"] } });
    expect(scene.run().status.message).toContain(
      "NoChecks: server staging requires Database Connection and does not configure it",
    );
    expect(scene.moves()).toEqual([" -> Waiting"]);
  });

  test("an agent that does not answer, which is asked again", () => {
    const scene = publicOnly();
    scene.agents.set("staging", {
      state: "NotAnswered",
      reason: "WrongCertificate",
      message: "another certificate than the pinned one",
    });
    const { status, wakeAt } = scene.run();
    expect(status.blockedBy).toMatchObject([
      {
        gate: "reachable",
        message: "server staging does not answer as it should: another certificate than the pinned one",
      },
    ]);
    expect(wakeAt).toBe(scene.now + scene.settings.retryMs);
    scene.says("staging", bare());
    expect(gates(scene)).toEqual([]);
  });

  test("an agent still at work for an update that is gone", () => {
    const scene = publicOnly();
    const at = (state: "Fetching" | "Failed"): void =>
      scene.says("staging", {
        ...bare(),
        seen: [{ app: "default", layer: "main", sequence: 4, key: "uid-before.default.main.4", state }],
      });
    at("Fetching");
    expect(gates(scene)).toEqual(["agent"]);
    at("Failed");
    expect(gates(scene)).toEqual([]);
    expect(scene.done.find((effect) => effect.do === "deliver")?.order.sequence).toBe(5);
  });

  test("a pull request of an update that is gone waits for a person, and who that is is said", () => {
    const scene = publicOnly(
      {
        git: {
          url: "https://host.example/deploy",
          path: "apps",
          pullRequest: { repository: "acme/deploy", api: "https://api.github.com" },
        },
      },
      { artifact: { image: { ref: "registry.example/ra", digest: `sha256:${sha("a")}` } } },
    );
    scene.says("staging", {
      ...bare(),
      seen: [{ app: "default", layer: "main", sequence: 4, key: "uid-before.default.main.4", state: "Switching" }],
    });
    expect(scene.run().status.blockedBy).toMatchObject([
      { gate: "agent", who: "whoever may merge there: merge or close the pull request of that order" },
    ]);
  });
});

const claimed = (version: string, holder: State | undefined, tier: "Public" | "Omega" = "Public"): Scene => {
  const status = { apps: [{ app: "default", sequence: 3, claim: { name: "other", uid: "uid-other", version } }] };
  const scene = new Scene(
    update("patch"),
    server("staging", "Public", {}, tier === "Public" ? status : {}),
    server("ra-01", "Omega", {}, tier === "Omega" ? status : {}),
  );
  if (holder !== undefined) scene.holders.set(tier === "Public" ? "staging" : "ra-01", holder);
  return scene;
};

describe("a server that another update has claimed", () => {
  test("is left to it while that one is under way", () => {
    for (const state of [undefined, "Waiting", "Delivering", "Verifying"] as const)
      expect(gates(claimed("9.4.1", state))).toEqual(["claim"]);
  });

  test("is taken from one that is older and held there, under the next sequence", () => {
    const scene = claimed("9.4.1", "Held");
    expect(gates(scene)).toEqual([]);
    expect(scene.target("staging").status.apps).toMatchObject([{ sequence: 4, claim: { uid: "uid-patch" } }]);
  });

  test("is left to one that is held and newer, and to any on OMEGA", () => {
    expect(gates(claimed("9.4.3", "Held"))).toEqual(["claim"]);
    const scene = claimed("9.4.1", "Held", "Omega");
    scene.runPassing();
    expect(gates(scene)).toContain("claim");
  });
});

const onto = (version: string, digest: string, spec: Patch = {}): Scene => {
  const scene = publicOnly({}, spec);
  scene.says("staging", runs(scene.target("staging"), version, digest));
  scene.run();
  return scene;
};

describe("the order of versions", () => {
  test("an older one is superseded without effect, unless it is allowed to be older", () => {
    const scene = onto("9.5.0", sha("b"));
    expect(scene.deployment.status).toMatchObject({ phase: "Superseded" });
    expect(scene.done.every((effect) => effect.do === "record")).toBe(true);
    expect(onto("9.5.0", sha("b"), { allowOlder: true }).moves()).toContain("Waiting -> Delivering");
  });

  test("the same version with another artifact is refused", () => {
    expect(onto("9.4.2", sha("b")).last()).toMatchObject({ to: "Refused", reason: "VersionReused" });
    expect(onto("v9.4.2", sha("b"), { allowOlder: true }).last()).toMatchObject({ to: "Refused" });
  });

  test("a newer one is delivered", () => {
    expect(onto("9.4.1", sha("b")).moves()).toContain("Waiting -> Delivering");
  });

  test("an update does not end while it is under way on another server", () => {
    const scene = new Scene(update("patch"), server("one", "Public"), server("two", "Public"));
    scene.agents.set("two", { state: "NotAnswered", reason: "Unreachable", message: "connection refused" });
    scene.run();
    scene.says("two", runs(scene.target("two"), "9.5.0", sha("b")));
    expect(scene.run().status.phase).toBe("Verifying");
    scene.verdict("one", "Passed");
    expect(scene.run().status.phase).toBe("Superseded");
  });
});

test("the sequence is above what is stored and above what the agent has seen", () => {
  const stored = new Scene(
    update("patch"),
    server("staging", "Public", {}, { apps: [{ app: "default", sequence: 7 }] }),
  );
  stored.run();
  expect(stored.target("staging").status.apps?.[0]?.sequence).toBe(8);
  const seen = publicOnly();
  seen.says("staging", runs(seen.target("staging"), "9.4.1", sha("b"), { sequence: 41 }));
  seen.run();
  expect(seen.target("staging").status.apps?.[0]?.sequence).toBe(42);
});

test("a claim whose gates shut before the record is given back", () => {
  const scene = publicOnly();
  scene.beforeEffect = (effect) => {
    if (effect.do === "record" && effect.record.to === "Delivering") throw new Error("crash");
  };
  expect(() => scene.run()).toThrow("crash");
  expect(scene.target("staging").status.apps?.[0]?.claim).toBeDefined();
  scene.beforeEffect = () => undefined;
  scene.agents.set("staging", { state: "NotAnswered", reason: "Unreachable", message: "connection refused" });
  scene.run();
  expect(scene.target("staging").status.apps).toEqual([{ app: "default", sequence: 1 }]);
});

describe("cancelling", () => {
  test("before anything was delivered to the tier ends the update and names who did it", () => {
    const scene = new Scene(update("patch"), server("staging", "Public"), server("ra-01", "Omega"));
    scene.runPassing();
    scene.act("cancel", "omega", "alice", { reason: "found a bug" });
    expect(scene.run().status).toMatchObject({
      phase: "Cancelled",
      message: "alice cancelled it before anything was delivered to omega: found a bug",
    });
    expect(scene.last().actor).toEqual({ name: "alice", known: "Admission" });
  });

  test("with another token, without a stamp, or once the tier has begun, does nothing and says so", () => {
    const stale = new Scene(update("patch"), server("staging", "Public"), server("ra-01", "Omega"));
    stale.runPassing();
    stale.act("cancel", "omega", "alice", { token: "0000000000000000" });
    expect(stale.run().status.conditions?.find(({ type }) => type === "ActionIgnored")?.message).toContain(
      "names 0000000000000000, and the token is",
    );
    const begun = new Scene(update("patch"), server("staging", "Public"));
    begun.run();
    begun.act("cancel", "public", "alice");
    expect(begun.run().status).toMatchObject({ phase: "Verifying" });
    expect(begun.run().status.conditions?.find(({ type }) => type === "ActionIgnored")?.message).toContain(
      "public has begun",
    );
  });
});
