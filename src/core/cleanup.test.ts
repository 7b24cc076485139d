import { describe, expect, test } from "vitest";
import { document, server, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";
import { seal } from "../api/record.ts";
import { decideGone } from "./gone.ts";

const baseline = { version: "9.4.2", takenAt: "2030-01-01T00:00:00.000Z", samplesMicros: [1800, 2100] };

describe("what was held is let go", () => {
  test("the claim when the target has passed, with what runs there now and the baseline of the run", () => {
    const scene = new Scene(update("patch"), server("staging", "Public", { checks: { performance: {} } }));
    scene.run();
    scene.verdict("staging", "Passed", baseline);
    scene.run();
    expect(scene.target("staging").status.apps).toEqual([
      {
        app: "default",
        sequence: 1,
        version: "9.4.2",
        digest: scene.digest(),
        deployment: "patch",
        since: "2030-01-01T00:00:00.000Z",
        baseline,
      },
    ]);
  });

  test("the claim when the update ends, and what ran before stays what the target is known for", () => {
    const before = { app: "default", sequence: 4, version: "9.3.0", digest: "sha256:old", deployment: "earlier" };
    const scene = new Scene(update("patch"), server("staging", "Public", {}, { apps: [before] }));
    scene.beforeEffect = (effect) => {
      if (effect.do === "record" && effect.record.to === "Delivering") throw new Error("crash");
    };
    expect(() => scene.run()).toThrow("crash");
    scene.beforeEffect = () => undefined;
    scene.agents.set("staging", { state: "NotAnswered", reason: "Unreachable", message: "connection refused" });
    scene.run();
    scene.act("cancel", "public", "alice", { token: scene.deployment.status.token?.value ?? "" });
    scene.run();
    expect(scene.target("staging").status.apps).toEqual([{ ...before, sequence: 5 }]);
  });

  test("the Job when its evidence is recorded, not before, and it stays to be read", () => {
    const scene = new Scene(update("patch"), server("staging", "Public"));
    scene.run();
    expect(scene.jobs).toMatchObject([{ held: true }]);
    scene.verdict("staging", "Passed");
    const done = scene.done.length;
    scene.run();
    const after = scene.done.slice(done).map((effect) => (effect.do === "record" ? effect.record.to : effect.do));
    expect(after).toEqual(["Passed", "release", "releaseJob"]);
    expect(scene.jobs).toMatchObject([{ held: false }]);
  });

  test("a Job that can end no more, and which nobody needs, is removed; one whose pods have all ended is kept", () => {
    const scene = new Scene(update("patch"), server("staging", "Public"));
    const ended = { index: 0, phase: "Running", createdAt: "2030-01-01T00:00:00.000Z" };
    scene.run();
    scene.job("staging", (job) => ({ ...job, pods: [{ ...ended, waiting: "ImagePullBackOff" }] }));
    scene.now += 61_000;
    scene.run();
    expect(scene.done.find((effect) => effect.do === "releaseJob")).toMatchObject({ remove: true });
    expect(scene.jobs.map(({ attempt }) => attempt)).toEqual([2]);
    scene.job("staging", (job) => ({
      ...job,
      pods: [
        { ...ended, terminated: { exitCode: 0, reason: "Completed", message: document("Health Check", "Passed") } },
      ],
    }));
    scene.run();
    expect(scene.done.findLast((effect) => effect.do === "releaseJob")).toMatchObject({ remove: false });
  });
});

const verifying = (): Scene => {
  const scene = new Scene(update("patch"), server("staging", "Public"));
  scene.run();
  return scene;
};

const leftovers = (scene: Scene) => ({
  uid: "uid-patch",
  records: scene.records,
  targets: scene.observed().targets,
  jobs: scene.jobs,
});

describe("an update whose Deployment was deleted", () => {
  test("says so in its chain, lets go its claims and its Jobs, and undoes nothing", () => {
    const scene = verifying();
    const effects = decideGone(leftovers(scene), scene.now);
    expect(effects.map((effect) => effect.do)).toEqual(["record", "release", "releaseJob"]);
    const [farewell, release] = effects;
    expect(farewell).toMatchObject({
      record: { to: "Deleted", previous: scene.last().hash, seq: scene.records.length },
    });
    expect(release).toMatchObject({ app: { app: "default", sequence: 1 } });
  });

  test("says so once", () => {
    const scene = verifying();
    const [farewell] = decideGone(leftovers(scene), scene.now);
    if (farewell?.do !== "record") throw new Error("no farewell");
    expect(
      decideGone(
        { ...leftovers(scene), records: [...scene.records, farewell.record], targets: [], jobs: [] },
        scene.now,
      ),
    ).toEqual([]);
  });

  test("that was never written down has nothing to say", () => {
    expect(decideGone({ uid: "uid-other", records: [], targets: verifying().observed().targets, jobs: [] }, 0)).toEqual(
      [],
    );
  });

  test("leaves the claims of others alone", () => {
    const scene = verifying();
    expect(
      decideGone({ uid: "uid-other", records: scene.records, targets: scene.observed().targets, jobs: [] }, 0).map(
        (effect) => effect.do,
      ),
    ).toEqual(["record"]);
  });
});

test("a record whose content was changed and sealed anew breaks the chain after it", () => {
  const scene = new Scene(update("patch"), server("staging", "Public"));
  scene.run();
  const [first, ...rest] = scene.records;
  if (first === undefined) throw new Error("no record");
  const { hash: _hash, ...body } = first;
  scene.records = [seal({ ...body, message: "it was never so" }), ...rest];
  expect(scene.run().status.message).toContain("it does not follow the record before it");
});
