import { describe, expect, test } from "vitest";
import { document, mainframe, runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";
import { verdictOf } from "./evidence.ts";
import type { SeenJob } from "./observed.ts";

const ALL = {
  modules: { path: "/m" },
  api: { requests: [{ name: "items", path: "/i" }] },
  database: { secretRef: { name: "db" } },
  performance: {},
  security: {},
};

function verifying(checks: object = {}): Scene {
  const scene = new Scene(update("patch"), server("staging", "Public", { checks }));
  scene.run();
  return scene;
}

const pod = (more: Partial<SeenJob["pods"][number]>, index = 0): SeenJob["pods"][number] => ({
  index,
  phase: "Running",
  createdAt: "2030-01-01T00:00:00.000Z",
  ...more,
});

const evidence = (category: "Health Check" | "Security Scan", verdict: "Passed" | "Failed") => ({
  target: "staging",
  category,
  verdict,
  message: "so it is",
});

const held = (scene: Scene): unknown => scene.records.find(({ to }) => to === "Held")?.evidence?.at(-1);

describe("checks that passed on a server", () => {
  test("prove nothing where something else runs there: it gets the time of a delivery to be seen, and is held then", () => {
    const scene = verifying();
    scene.says("staging", runs(scene.target("staging"), "9.9.9", sha("0")));
    scene.verdict("staging", "Passed");
    expect(scene.run().status.phase).toBe("Verifying");
    scene.now += scene.settings.deliveryMs;
    expect(scene.run().status.phase).toBe("Held");
    expect(held(scene)).toMatchObject({
      verdict: "Failed",
      message: "its agent says that 9.9.9 runs there, which is not this update",
    });
  });

  test("count as soon as what was delivered is seen to run there", () => {
    const scene = verifying();
    const { agents } = scene;
    const right = agents.get("staging");
    scene.says("staging", runs(scene.target("staging"), "9.3.0", sha("0")));
    scene.verdict("staging", "Passed");
    expect(scene.run().status.phase).toBe("Verifying");
    if (right !== undefined) agents.set("staging", right);
    scene.run();
    expect(scene.records.some(({ to }) => to === "Passed")).toBe(true);
  });

  test("prove nothing where a part of it was changed meanwhile, which a cluster can tell", () => {
    const scene = verifying();
    const agent = scene.agents.get("staging");
    if (agent?.state !== "Answered") throw new Error("it answers");
    const apps = agent.status.apps.map((item) => ({ ...item, changed: "Deployment prod/shop was changed" }));
    scene.says("staging", { ...agent.status, apps });
    scene.verdict("staging", "Passed");
    scene.run();
    scene.now += scene.settings.deliveryMs;
    scene.run();
    expect(held(scene)).toMatchObject({
      message: "Deployment prod/shop was changed: it is not as it was delivered",
    });
  });

  test("prove nothing while nobody can say what runs there, which is no failure either", () => {
    const scene = verifying();
    scene.agents.set("staging", { state: "NotAnswered", reason: "Unreachable", message: "nobody answers" });
    scene.verdict("staging", "Passed");
    expect(scene.run().status.phase).toBe("Verifying");
    scene.now += scene.settings.deliveryMs;
    scene.run();
    expect(scene.last()).toMatchObject({ to: "Verifying", reason: "Inconclusive" });
  });
});

describe("the verdict", () => {
  test("all six checks passed: 6/6, and the evidence is in the record with its digest", () => {
    const scene = verifying(ALL);
    scene.verdict("staging", "Passed");
    expect(scene.run().status).toMatchObject({ readiness: "6/6" });
    const passed = scene.records.find(({ to }) => to === "Passed");
    expect(passed).toMatchObject({ reason: "Verified", completes: true });
    expect(passed?.evidence?.map(({ category }) => category)).toEqual([
      "Health Check",
      "Module Load Test",
      "API Endpoint Test",
      "Database Connection",
      "Performance Baseline",
      "Security Scan",
    ]);
    for (const { sha256 } of passed?.evidence ?? []) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test("Failed holds at once, says so, and restores nothing", () => {
    const scene = verifying();
    scene.verdict("staging", "Failed");
    expect(scene.run().status).toMatchObject({ phase: "Held", readiness: "0/1" });
    expect(scene.last()).toMatchObject({
      reason: "VerificationFailed",
      message: "staging: Health Check: not as expected. Nothing was restored",
    });
    expect(scene.target("staging").status.apps?.[0]?.claim?.uid).toBe("uid-patch");
  });

  test("Inconclusive is tried again, each time with a Job of its own, and then held; it never passes", () => {
    const scene = verifying();
    for (const attempt of [1, 2, 3]) {
      expect(scene.jobs.filter(({ held }) => held).map((job) => job.attempt)).toEqual([attempt]);
      scene.verdict("staging", "Inconclusive");
      scene.run();
    }
    expect(scene.last()).toMatchObject({ to: "Held", reason: "VerificationInconclusive" });
    expect(new Set(scene.jobs.map(({ name }) => name)).size).toBe(3);
    expect(scene.moves().filter((move) => move === "Verifying -> Verifying").length).toBe(2);
  });

  test("only what is required counts, and all of it has to be there", () => {
    const target = server("staging", "Public", { checks: { security: {}, required: ["Health Check"] } });
    expect(verdictOf(target, [evidence("Health Check", "Passed"), evidence("Security Scan", "Failed")])).toBe("Passed");
    expect(verdictOf(target, [evidence("Security Scan", "Passed")])).toBe("Inconclusive");
    expect(verdictOf(target, [])).toBe("Inconclusive");
  });
});

const inconclusive = (scene: Scene, because: string): void => {
  scene.run();
  expect(scene.last()).toMatchObject({ to: "Verifying", reason: "Inconclusive" });
  expect(scene.last().message).toContain(because);
};

const written = (exitCode: number, message: string): Scene => {
  const scene = verifying();
  scene.job("staging", (job) => ({
    ...job,
    finished: "Complete",
    pods: [pod({ phase: "Succeeded", terminated: { exitCode, reason: "Completed", message } })],
  }));
  return scene;
};

describe("what is no proof", () => {
  test("a Job that somebody deletes", () => {
    const scene = verifying();
    scene.job("staging", (job) => ({ ...job, deleting: true }));
    inconclusive(scene, "was deleted before it could finish");
  });

  test("a Job of its name that somebody else made, whatever its documents say", () => {
    const scene = verifying();
    scene.verdict("staging", "Passed");
    scene.job("staging", (job) => ({ ...job, foreign: true }));
    inconclusive(scene, "this operator did not make");
  });

  test("an image that cannot be pulled, after a while; nothing before", () => {
    const scene = verifying();
    scene.job("staging", (job) => ({ ...job, pods: [pod({ phase: "Pending", waiting: "ImagePullBackOff" })] }));
    expect(scene.run().status.phase).toBe("Verifying");
    expect(scene.moves().at(-1)).toBe("Delivering -> Verifying");
    scene.now += 61_000;
    inconclusive(scene, "its pod could not start: ImagePullBackOff");
  });

  test("a pod that Succeeded without a container status", () => {
    const scene = verifying();
    scene.job("staging", (job) => ({ ...job, finished: "Complete", pods: [pod({ phase: "Succeeded" })] }));
    inconclusive(scene, "no document of it was seen");
  });

  test("a pod that was evicted, or ended without a document", () => {
    const evicted = verifying();
    evicted.job("staging", (job) => ({
      ...job,
      finished: "Failed",
      pods: [pod({ phase: "Failed", reason: "Evicted" })],
    }));
    inconclusive(evicted, "its pod ended as Evicted");
    const silent = verifying();
    silent.job("staging", (job) => ({
      ...job,
      finished: "Failed",
      pods: [pod({ phase: "Failed", terminated: { exitCode: 137, reason: "OOMKilled", message: "" } })],
    }));
    inconclusive(silent, "ended with code 137 (OOMKilled) and wrote no document");
  });

  test("a deadline", () => {
    const scene = verifying();
    scene.job("staging", (job) => ({ ...job, finished: "Failed", reason: "DeadlineExceeded", pods: [] }));
    inconclusive(scene, "failed: DeadlineExceeded");
  });

  test("a document of another check, a document cut short, or one from a container that failed", () => {
    inconclusive(written(0, document("Security Scan", "Passed")), "wrote no document");
    inconclusive(written(0, document("Health Check", "Passed").slice(0, 40)), "wrote no document");
    inconclusive(written(1, document("Health Check", "Passed")), "wrote no document");
  });

  test("one missing document among six", () => {
    const scene = verifying(ALL);
    scene.verdict("staging", "Passed");
    scene.job("staging", (job) => ({ ...job, pods: job.pods.slice(1) }));
    inconclusive(scene, "Health Check");
  });
});

const distributed = (): Scene => {
  const scene = new Scene(update("patch"), server("staging", "Public"), server("ra-01", "Omega"), mainframe("cust-1"));
  scene.runPassing();
  scene.act("approve", "omega", "alice");
  return scene;
};

const sick = (scene: Scene): void =>
  scene.says("cust-1", runs(scene.target("cust-1"), "9.4.2", sha("a"), { healthy: false }));

describe("the health of a mainframe without a URL", () => {
  test("is what its agent reports", () => {
    const scene = distributed();
    scene.runPassing();
    expect(scene.last()).toMatchObject({
      to: "Passed",
      tier: "mainframes",
      evidence: [{ category: "Health Check", verdict: "Passed" }],
    });
  });

  test("has a minute to become good, and is Failed after that", () => {
    const scene = distributed();
    scene.onOrder = (target, key) => {
      const report = scene.applied(target, key);
      if (target.metadata.name === "cust-1") sick(scene);
      return report;
    };
    expect(scene.runPassing().status.phase).toBe("Verifying");
    scene.now += 61_000;
    expect(scene.run().status.phase).toBe("Held");
    expect(scene.last()).toMatchObject({ reason: "VerificationFailed" });
  });

  test("is unknown while its agent is silent, and Failed when it runs something else", () => {
    const scene = distributed();
    scene.onOrder = (target, key) => {
      const report = scene.applied(target, key);
      if (target.metadata.name === "cust-1")
        scene.agents.set("cust-1", { state: "NotAnswered", reason: "Unreachable", message: "connection refused" });
      return report;
    };
    scene.runPassing();
    scene.now += 61_000;
    scene.run();
    expect(scene.last()).toMatchObject({ to: "Verifying", reason: "Inconclusive" });
    scene.says("cust-1", runs(scene.target("cust-1"), "9.3.0", sha("c")));
    scene.run();
    expect(scene.last().message).toContain("9.3.0 runs there, which is not this update");
  });
});

test("a target that another update has claimed is not judged: the update is held and then superseded", () => {
  const scene = verifying();
  const target = scene.target("staging");
  scene.targets.set("staging", {
    ...target,
    status: { apps: [{ app: "default", sequence: 2, claim: { name: "newer", uid: "uid-newer", version: "9.5.0" } }] },
  });
  scene.verdict("staging", "Passed");
  expect(scene.run().status.phase).toBe("Superseded");
  expect(scene.records.map(({ reason }) => reason)).toContain("ClaimLost");
  expect(scene.moves()).not.toContain("Verifying -> Passed");
});

test("a claim that a late request let go is taken again under its own sequence", () => {
  const scene = verifying();
  const target = scene.target("staging");
  scene.targets.set("staging", { ...target, status: { apps: [{ app: "default", sequence: 1 }] } });
  scene.run();
  expect(scene.target("staging").status.apps).toEqual([
    { app: "default", sequence: 1, claim: { name: "patch", uid: "uid-patch", version: "9.4.2" } },
  ]);
});
