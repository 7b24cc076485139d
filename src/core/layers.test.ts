import { describe, expect, test } from "vitest";
import type { Artifact } from "../api/artifact.ts";
import type { Deployment } from "../api/deployment.ts";
import { releasesOf } from "../api/layer.ts";
import { parseOrderKey } from "../api/order.ts";
import { mainframe, NOW, runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { reported, Scene } from "../../test/unit/scene.ts";
import type { Effect } from "./decision.ts";
import { SETTINGS } from "./observed.ts";

const archive = (digit: string): Artifact => ({
  archive: { url: `https://alpha.example/${digit}.tgz`, sha256: sha(digit) },
});

/** database first, then app and reports, then web on app; docs by themselves. */
const layers = (digits: string, versions: Readonly<Record<string, string>> = {}) =>
  [
    { name: "database" },
    { name: "app", dependsOn: ["database"] },
    { name: "reports", dependsOn: ["database"] },
    { name: "web", dependsOn: ["app"] },
    { name: "docs" },
  ].map((layer, index) => ({
    ...layer,
    artifact: archive(digits.charAt(index)),
    ...(versions[layer.name] && { version: versions[layer.name] }),
  }));

const layered = (name: string, version: string, list: readonly object[]): Deployment =>
  update(name, { version, artifact: undefined, layers: list });

const first = (): Deployment => layered("first", "9.4.1", layers("abcde"));
/** Only app and web changed. */
const second = (): Deployment =>
  layered("second", "9.4.2", layers("a1c2e", { database: "9.4.1", reports: "9.4.1", docs: "9.4.1" }));

const STAGING = () => server("staging", "Public", { onFailure: "Restore" });

/** Orders as they were given out, one line for those that were given at once. */
function orders(scene: Scene, kind: "deliver" | "restore"): readonly string[] {
  return scene.done.flatMap((effect: Effect) =>
    effect.do === kind ? [`${effect.target.metadata.name} ${effect.order.layer} ${effect.order.sequence}`] : [],
  );
}

/** One update completed on staging, and another one that is about to be delivered there. */
function after(next: Deployment): Scene {
  const scene = new Scene(first(), STAGING(), server("ra-01", "Omega"));
  scene.runPassing();
  scene.act("approve", "omega", "ann");
  expect(scene.runPassing().status.phase).toBe("Completed");
  return replaced(scene, next);
}

function replaced(scene: Scene, next: Deployment): Scene {
  const later = new Scene(next, ...scene.targets.values());
  for (const [name, agent] of scene.agents) later.agents.set(name, agent);
  later.now = scene.now + 60_000;
  return later;
}

const failing =
  (scene: Scene, ...names: readonly string[]): Scene["onOrder"] =>
  (target, key) =>
    names.includes(parseOrderKey(key)?.layer ?? "")
      ? reported(key, "Failed", "HookFailed")
      : scene.applied(target, key);

const versions = (scene: Scene, target = "staging"): Readonly<Record<string, string>> => {
  const agent = scene.agents.get(target);
  return Object.fromEntries(
    agent?.state === "Answered" ? agent.status.apps.map(({ layer, version }) => [layer, version]) : [],
  );
};

describe("an update of several layers", () => {
  test("is delivered in their order, those that do not depend on each other at once, and passes as one", () => {
    const scene = new Scene(first(), STAGING());
    const begun: string[] = [];
    const waves: string[][] = [];
    // Each order is under way for one round, so that what is begun meanwhile did not wait for it.
    scene.onOrder = (target, key) => {
      begun.push(parseOrderKey(key)?.layer ?? "");
      scene.applied(target, key);
      return { ...reported(key, "Applied"), report: working(key) };
    };
    for (let round = 0; round < 3; round += 1) {
      begun.length = 0;
      scene.run();
      waves.push([...begun]);
      for (const [key, order] of scene.orders)
        if (order.state === "Reported") scene.orders.set(key, reported(key, "Applied"));
    }
    expect(waves).toEqual([["database", "docs"], ["app", "reports"], ["web"]]);
    expect(scene.run().status.phase).toBe("Verifying");
    scene.runPassing();
    const [app] = scene.target("staging").status.apps ?? [];
    expect(app).toMatchObject({ version: "9.4.1", layers: releasesOf(first().spec) });
    expect(scene.records[0]?.artifacts.map(({ layer }) => layer)).toEqual([
      "database",
      "app",
      "reports",
      "web",
      "docs",
    ]);
  });

  test("brings only what changed: the other layers are neither ordered nor put back", () => {
    const scene = after(second());
    scene.run();
    expect(orders(scene, "deliver")).toEqual(["staging app 2", "staging web 2"]);
    expect(scene.last()).toMatchObject({ to: "Verifying" });
    scene.verdict("staging", "Failed");
    scene.run();
    expect(orders(scene, "restore")).toEqual(["staging web 3", "staging app 3"]);
    expect(scene.run().status.phase).toBe("RolledBack");
    expect(versions(scene)).toEqual({ database: "9.4.1", app: "9.4.1", reports: "9.4.1", web: "9.4.1", docs: "9.4.1" });
    expect(scene.target("staging").status.apps?.[0]).toMatchObject({ version: "9.4.1", deployment: "first" });
    expect(scene.target("staging").status.apps?.[0]?.claim).toBeUndefined();
  });

  test("takes back only what it brought: a layer that somebody had switched before stays", () => {
    const scene = after(second());
    const agent = scene.agents.get("staging");
    if (agent?.state !== "Answered") throw new Error("it answers");
    const { apps, seen } = agent.status;
    const byHand = runs(scene.target("staging"), "9.4.2", sha("2"), { layer: "web" }).apps;
    scene.says("staging", { apps: [...apps.filter(({ layer }) => layer !== "web"), ...byHand], seen });
    scene.run();
    scene.verdict("staging", "Failed");
    expect(scene.run().status.phase).toBe("RolledBack");
    expect(orders(scene, "deliver")).toEqual(["staging app 2"]);
    expect(orders(scene, "restore")).toEqual(["staging app 3"]);
  });

  test("stops what depends on a layer that failed, and nothing else; what was applied is put back, and the layer that failed is not sent", () => {
    const changed = layered("second", "9.4.2", layers("12345"));
    const scene = after(changed);
    scene.onOrder = failing(scene, "app");
    scene.run();
    expect(orders(scene, "deliver")).toEqual([
      "staging database 2",
      "staging docs 2",
      "staging app 2",
      "staging reports 2",
    ]);
    const held = scene.records.find(({ to }) => to === "Held");
    expect(held?.reason).toBe("LayerFailed");
    expect(held?.message).toBe(
      "staging: layer app: it is HookFailed; layer web: not begun, because it depends on app; applied: database, reports, docs. Nothing was restored",
    );
    expect(scene.run().status.phase).toBe("RolledBack");
    expect(new Set(Object.values(versions(scene)))).toEqual(new Set(["9.4.1"]));
    // web was never begun: its order only keeps a late one out.
    expect(orders(scene, "restore").toSorted()).toEqual([
      "staging app 3",
      "staging database 3",
      "staging docs 3",
      "staging reports 3",
      "staging web 3",
    ]);
  });

  test("is held, half delivered, where nobody knows what became of a layer: that is no reason to put anything back", () => {
    const scene = after(layered("second", "9.4.2", layers("12345")));
    scene.onOrder = (target, key) =>
      parseOrderKey(key)?.layer === "app"
        ? { state: "NotAnswered", reason: "Unreachable", message: "nobody answers" }
        : scene.applied(target, key);
    scene.run();
    // The second layer in a row has twice the time of one.
    scene.now += SETTINGS.deliveryMs + 1000;
    expect(scene.run().status.phase).toBe("Delivering");
    scene.now += SETTINGS.deliveryMs;
    expect(scene.run().status).toMatchObject({ phase: "Held" });
    expect(scene.last().reason).toBe("Unreachable");
    expect(orders(scene, "restore")).toEqual([]);
  });

  test("leaves below what could not be put back above it, and puts the others back", () => {
    const scene = after(layered("second", "9.4.2", layers("12345")));
    scene.run();
    scene.onRestore = (target, key, release) =>
      parseOrderKey(key)?.layer === "web"
        ? reported(key, "Failed", "HookFailed")
        : scene.restored(target, key, release);
    scene.verdict("staging", "Failed");
    scene.run();
    expect(scene.last()).toMatchObject({ to: "Held", reason: "RestoreFailed" });
    expect(scene.last().message).toContain(
      "layer web: it is HookFailed; layer app: left as it is, because web depends on it; layer database: left as it is, because app depends on it",
    );
    expect(versions(scene)).toEqual({ database: "9.4.2", app: "9.4.2", reports: "9.4.1", web: "9.4.2", docs: "9.4.1" });
    scene.onRestore = (target, key, release) => scene.restored(target, key, release);
    scene.act("rollback", "public", "ann");
    expect(scene.run().status.phase).toBe("RolledBack");
    expect(new Set(Object.values(versions(scene)))).toEqual(new Set(["9.4.1"]));
  });

  test("is refused where it leaves out a layer that runs: no update takes one away", () => {
    const scene = after(layered("second", "9.4.2", layers("12345").slice(0, 4)));
    expect(scene.run().status.phase).toBe("Refused");
    expect(scene.last()).toMatchObject({
      reason: "LayerMissing",
      message: expect.stringContaining(
        "server staging runs layer docs of default, and this update brings database, app",
      ),
    });
    expect(orders(scene, "deliver")).toEqual([]);
  });

  test("is refused where a layer runs in its version with another content, and where the whole does", () => {
    const same = after(
      layered("second", "9.4.2", layers("f12ce", { database: "9.4.1", reports: "9.4.1", docs: "9.4.1" })),
    );
    same.run();
    expect(same.last()).toMatchObject({
      reason: "VersionReused",
      message: expect.stringContaining("server staging runs database 9.4.1 already, with another artifact"),
    });
    const whole = after(layered("second", "9.4.1", layers("abcd2", { docs: "9.4.2" })));
    whole.run();
    expect(whole.last()).toMatchObject({
      reason: "VersionReused",
      message: expect.stringContaining("server staging runs 9.4.1 already"),
    });
  });

  test("comes in the order of what it depends on, however it is written down; in a circle it does not come at all", () => {
    const upside = layers("abcde").toReversed();
    expect(new Set(releasesOf(layered("first", "9.4.1", upside).spec).map(({ layer }) => layer))).toEqual(
      new Set(["docs", "database", "app", "reports", "web"]),
    );
    const scene = new Scene(layered("first", "9.4.1", upside), STAGING());
    scene.run();
    const begun = orders(scene, "deliver").map((line) => line.split(" ")[1]);
    expect(begun.indexOf("database")).toBeLessThan(begun.indexOf("app"));
    expect(begun.indexOf("app")).toBeLessThan(begun.indexOf("web"));

    const circle = layers("abcde").map((layer) =>
      layer.name === "database" ? { ...layer, dependsOn: ["web"] } : layer,
    );
    const round = new Scene(layered("first", "9.4.1", circle), STAGING());
    expect(round.run().status.phase).toBe("Refused");
    expect(round.last()).toMatchObject({
      reason: "LayersInCircle",
      message: expect.stringContaining("database, app, reports, web wait for each other"),
    });
    expect(round.done.every((effect) => effect.do === "record")).toBe(true);
  });

  test("is refused where a layer that did not change comes under another version: a server that has not got it yet would refuse the archive", () => {
    const scene = after(layered("second", "9.4.2", layers("a1c2e", { database: "9.4.1", docs: "9.4.1" })));
    scene.run();
    expect(scene.last()).toMatchObject({
      to: "Refused",
      reason: "VersionMismatch",
      message:
        "server staging runs this very artifact of layer reports as 9.4.1: an artifact has one version, so bring it with version: 9.4.1 in spec.layers",
    });
  });

  test("an older one of several layers is Superseded, also one that leaves a layer out", () => {
    const scene = after(layered("zero", "9.4.0", layers("12345").slice(0, 2)));
    expect(scene.run().status.phase).toBe("Superseded");
  });

  test("is there already where every layer is: nothing is delivered, nobody is asked", () => {
    const scene = after(layered("again", "9.4.1", layers("abcde")));
    scene.runPassing();
    expect(orders(scene, "deliver")).toEqual([]);
    expect(scene.records.filter(({ reason }) => reason === "AlreadyThere")).toHaveLength(2);
    expect(scene.run().status.phase).toBe("Completed");
  });

  test("an operator that dies before any effect goes on where it was, and no order is given under two sequences", () => {
    for (let death = 1; ; death += 1) {
      const scene = after(layered("second", "9.4.2", layers("12345")));
      scene.onOrder = failing(scene, "web");
      let effects = 0;
      scene.beforeEffect = () => {
        effects += 1;
        if (effects === death) throw new Error("died");
      };
      try {
        scene.run();
      } catch (error) {
        if (!(error instanceof Error) || error.message !== "died") throw error;
      }
      const over = effects < death;
      scene.beforeEffect = () => undefined;
      expect(scene.run().status.phase, `death before effect ${death}`).toBe("RolledBack");
      expect(new Set(Object.values(versions(scene)))).toEqual(new Set(["9.4.1"]));
      expect(new Set(orders(scene, "deliver")).size).toBe(5);
      expect(new Set(orders(scene, "restore")).size).toBe(5);
      if (over) break;
    }
  });

  test("goes to mainframes by the same order, and bad health of one layer is bad health", () => {
    const frame = mainframe("cust-417");
    const scene = new Scene(first(), STAGING(), server("ra-01", "Omega"), frame);
    scene.run();
    scene.verdict("staging", "Passed");
    scene.act("approve", "omega", "ann", { token: scene.run().status.token?.value ?? "" });
    scene.run();
    scene.onOrder = (target, key) => {
      const done = scene.applied(target, key);
      const agent = scene.agents.get(target.metadata.name);
      if (agent?.state === "Answered" && parseOrderKey(key)?.layer === "docs")
        scene.says(target.metadata.name, {
          ...agent.status,
          apps: agent.status.apps.map((item) =>
            item.layer === "docs"
              ? { ...item, health: { ok: false, message: "no page", at: new Date(NOW).toISOString() } }
              : item,
          ),
        });
      return done;
    };
    scene.verdict("ra-01", "Passed");
    scene.run();
    scene.now += SETTINGS.healthMs + 1000;
    scene.run();
    expect(scene.records.find(({ tier, to }) => tier === "mainframes" && to === "Held")?.evidence?.[0]).toMatchObject({
      verdict: "Failed",
      message: "its agent reports: no page",
    });
  });
});

const record = (of: Deployment, to: "Passed" | "RolledBack", more: object = {}) => {
  const scene = new Scene(of, STAGING());
  scene.run();
  const [created] = scene.records;
  if (created === undefined) throw new Error("it was created");
  return { ...created, to, ...more };
};

describe("a layer whose update was taken back", () => {
  test("needs approvals on every tier in whatever update it comes again; one that stays as it is from update to update does not", () => {
    const bad = record(second(), "RolledBack");
    const good = record(first(), "Passed", { tier: "omega", completes: true });
    const again = new Scene(layered("third", "9.4.3", layers("a1c3e")), STAGING());
    again.others = [bad, good];
    expect(again.run().status.phase).toBe("AwaitingApproval");
    const mended = new Scene(layered("third", "9.4.3", layers("a4c3e")), STAGING());
    mended.others = [bad, good];
    expect(mended.run().status.phase).toBe("Verifying");
    // It came through OMEGA, and was taken back from there.
    const through = record(second(), "Passed", { tier: "omega", completes: true });
    const late = new Scene(layered("third", "9.4.3", layers("a1c3e")), STAGING());
    late.others = [through, bad, good];
    expect(late.run().status.phase).toBe("AwaitingApproval");
    const unproven = new Scene(layered("third", "9.4.3", layers("a4c3e")), STAGING());
    unproven.others = [bad];
    expect(unproven.run().status.phase).toBe("AwaitingApproval");
  });
});

describe("drift of one layer", () => {
  const drift = "Heal" as const;

  test("is healed by delivering that layer and no other", () => {
    const scene = new Scene(first(), server("staging", "Public", { drift }));
    scene.runPassing();
    const target = scene.target("staging");
    const agent = scene.agents.get("staging");
    if (agent?.state !== "Answered") throw new Error("it answers");
    scene.says("staging", {
      ...agent.status,
      apps: agent.status.apps.map((item) =>
        item.layer === "app" ? { ...item, ...runs(target, "9.3.0", sha("9")).apps[0], layer: "app" } : item,
      ),
    });
    scene.targets.set("staging", {
      ...target,
      status: {
        ...target.status,
        conditions: [
          {
            type: "Drifted",
            status: "True",
            reason: "NotAsDelivered",
            message: "app runs 9.3.0",
            lastTransitionTime: "2030-01-01T00:00:00.000Z",
          },
        ],
      },
    });
    scene.done.length = 0;
    scene.runPassing();
    expect(orders(scene, "deliver")).toEqual(["staging app 2"]);
    expect(versions(scene).app).toBe("9.4.1");
  });
});

const git = (path: string) =>
  server("staging", "Public", { git: { url: "ssh://git@host/deploy", path, change: [{ helmValue: { key: "v" } }] } });

describe("a server delivered to by git", () => {
  test("gives each layer a folder of its own, or the layers would write over each other", () => {
    const scene = new Scene(first(), git("apps/{app}"));
    expect(scene.run().status.blockedBy?.[0]).toMatchObject({
      gate: "driver",
      message: expect.stringContaining("no {layer}"),
    });
    expect(new Scene(first(), git("apps/{app}/{layer}")).run().status.phase).toBe("Verifying");
  });
});

const working = (key: string) => ({
  key,
  state: "Switching" as const,
  reason: "Working",
  message: "it is at work",
  activations: 0,
  at: "2030-01-01T00:00:00.000Z",
});
