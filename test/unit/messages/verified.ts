import { jobCategories } from "../../../src/core/job.ts";
import type { SeenJob, SeenPod } from "../../../src/core/observed.ts";
import { document, NOW, podThatWrote, runs, sha } from "../fixtures.ts";
import { ran, SILENT, toOmega, toStaging } from "./forward.ts";
import type { Telling } from "./told.ts";

/** What the operator says of checks, and of what they leave unproven. */

const pod = (patch: Partial<SeenPod>): SeenPod => ({
  index: 0,
  phase: "Failed",
  createdAt: new Date(NOW).toISOString(),
  ...patch,
});

/** Staging is verified by a Job that this happens to; there is one attempt. */
function verifiedBy(change: (job: SeenJob) => SeenJob, attempts = 1): Telling {
  const scene = toStaging();
  scene.settings = { ...scene.settings, attempts };
  scene.run();
  scene.job("staging", change);
  scene.now += scene.settings.startMs;
  scene.run();
  return scene;
}

/** A mainframe that is being verified, whose agent says this from then on. */
function atMainframe(say: (scene: Telling) => void): Telling {
  const scene = toOmega({}, "cust-1");
  scene.act("approve", "omega", "ann");
  scene.settings = { ...scene.settings, attempts: 1 };
  const applied = scene.onOrder;
  scene.onOrder = (target, key) => {
    const answer = applied(target, key);
    if (target.kind === "Mainframe") say(scene);
    return answer;
  };
  scene.runPassing();
  scene.now += scene.settings.healthMs;
  scene.run();
  return scene;
}

export const VERIFIED: Readonly<Record<string, () => Telling>> = {
  "a check that fails": () => {
    const scene = toStaging();
    scene.run();
    scene.verdict("staging", "Failed");
    return ran(scene);
  },
  "no proof, and tried again": () =>
    verifiedBy((job) => ({ ...job, finished: "Failed", reason: "DeadlineExceeded" }), 2),
  "no proof to the end": () => verifiedBy((job) => ({ ...job, finished: "Failed", reason: "DeadlineExceeded" })),
  "a Job that is deleted": () => verifiedBy((job) => ({ ...job, deleting: true })),
  "a pod that cannot start": () =>
    verifiedBy((job) => ({ ...job, pods: [pod({ phase: "Pending", waiting: "ErrImagePull" })] })),
  "a pod that is evicted": () =>
    verifiedBy((job) => ({ ...job, finished: "Failed", pods: [pod({ reason: "Evicted" })] })),
  "a pod that writes nothing": () =>
    verifiedBy((job) => ({
      ...job,
      finished: "Failed",
      pods: [pod({ terminated: { exitCode: 137, reason: "OOMKilled", message: "" } })],
    })),
  "a pod that is gone": () => verifiedBy((job) => ({ ...job, finished: "Complete" })),
  "a Job of somebody else": () => verifiedBy((job) => ({ ...job, foreign: true })),
  "a check that says nothing either way": () =>
    verifiedBy((job) => ({
      ...job,
      finished: "Complete",
      pods: [podThatWrote(0, document("Health Check", "Inconclusive"))],
    })),
  "a required check that did not run": () => {
    const scene = toStaging();
    scene.settings = { ...scene.settings, attempts: 1 };
    scene.run();
    const pods = jobCategories(scene.target("staging")).map((category, index) =>
      podThatWrote(index, document(category, "Passed")),
    );
    scene.job("staging", (job) => ({ ...job, finished: "Complete", pods }));
    const target = scene.target("staging");
    const checks = { ...target.spec.checks, required: ["Health Check" as const, "Database Connection" as const] };
    scene.targets.set("staging", { ...target, spec: { ...target.spec, checks } } as typeof target);
    return ran(scene);
  },
  "a healthy mainframe": () => atMainframe(() => undefined),
  "an unhealthy mainframe": () =>
    atMainframe((scene) => scene.says("cust-1", runs(scene.target("cust-1"), "9.4.2", sha("a"), { healthy: false }))),
  "a mainframe that runs something else": () =>
    atMainframe((scene) => scene.says("cust-1", runs(scene.target("cust-1"), "9.3.0", sha("0")))),
  "a cluster that was changed while it was verified": () => {
    const scene = toStaging();
    scene.run();
    const agent = scene.agents.get("staging");
    if (agent?.state === "Answered")
      scene.says("staging", {
        ...agent.status,
        apps: agent.status.apps.map((item) => ({ ...item, changed: "Deployment prod/shop was changed" })),
      });
    scene.verdict("staging", "Passed");
    scene.run();
    scene.now += scene.settings.deliveryMs;
    return ran(scene);
  },
  "a mainframe that falls silent": () => atMainframe((scene) => scene.agents.set("cust-1", SILENT)),
};
