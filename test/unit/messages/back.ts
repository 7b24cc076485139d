import { mainframe, runs, server, sha, update } from "../fixtures.ts";
import { reported } from "../scene.ts";
import { changeApp, CLAIM, SILENT } from "./forward.ts";
import { Telling } from "./told.ts";

/** What the operator says of what is taken back, put right, or found changed. */

const OLD = sha("c");

/** An update that completed everywhere; 9.3.0 ran before. */
function completed(): Telling {
  const targets = [
    server("staging", "Public"),
    server("ra-01", "Omega"),
    mainframe("cust-1"),
    mainframe("cust-2", { wave: 2 }),
  ];
  const scene = new Telling(update("patch"), ...targets);
  for (const target of targets) scene.says(target.metadata.name, runs(target, "9.3.0", OLD));
  scene.runPassing();
  scene.act("approve", "omega", "ann");
  scene.runPassing();
  return scene;
}

function takeBack(scene: Telling, tier: "public" | "omega" | "mainframes"): Telling {
  const token = scene.deployment.status.tiers?.find(({ name }) => name === tier)?.token ?? "";
  scene.act("rollback", tier, "ben", { token, reason: "orders are lost" });
  scene.run();
  return scene;
}

/** Staging cannot be put back for this reason. */
function failedBack(scene: Telling, happens: (scene: Telling) => void): Telling {
  scene.beforeEffect = (effect) => {
    if (effect.do === "restore") happens(scene);
  };
  return takeBack(scene, "public");
}

function drifted(drift: "Flag" | "Heal"): Telling {
  const scene = new Telling(update("patch"), server("staging", "Public", { drift }), server("ra-01", "Omega"));
  scene.says("staging", runs(scene.target("staging"), "9.3.0", OLD));
  scene.runPassing();
  scene.says("staging", runs(scene.target("staging"), "9.3.0", OLD, { sequence: 2 }));
  scene.hearTargets();
  const target = scene.target("staging");
  const condition = {
    type: "Drifted",
    status: "True",
    reason: "NotAsDelivered",
    message: "it runs 9.3.0",
    lastTransitionTime: "2030-01-01T00:00:00.000Z",
  } as const;
  scene.targets.set("staging", { ...target, status: { ...target.status, conditions: [condition] } });
  return scene;
}

const layers = (digit: string, version: string) => ({
  version,
  artifact: undefined,
  layers: ["database", "web"].map((name, index) => ({
    name,
    artifact: { archive: { url: `https://alpha.example/${name}.tgz`, sha256: sha(digit) } },
    ...(index > 0 && { dependsOn: ["database"] }),
  })),
});

export const BACK: Readonly<Record<string, () => Telling>> = {
  "a rollback": () => takeBack(completed(), "omega"),
  "a rollback that takes its time": () => {
    const scene = completed();
    scene.onRestore = (_, key) => ({
      state: "Reported",
      report: {
        key,
        state: "Switching",
        reason: "Switching",
        message: "It is switched.",
        activations: 0,
        at: "2030-01-01T00:00:00.000Z",
      },
    });
    return takeBack(scene, "public");
  },
  "a rollback of a silent mainframe": () => {
    const scene = completed();
    scene.agents.set("cust-2", SILENT);
    return takeBack(scene, "mainframes");
  },
  "a rollback of a target that has seen more": () => {
    const scene = completed();
    scene.agents.set("cust-2", SILENT);
    takeBack(scene, "mainframes");
    const target = scene.target("cust-2");
    const previous = { version: "9.3.0", digest: OLD };
    scene.says("cust-2", runs(target, "9.4.2", sha("a"), { sequence: 7, previous }));
    scene.run();
    return scene;
  },
  "a rollback of a target that is deleted meanwhile": () => {
    const scene = completed();
    scene.agents.set("cust-2", SILENT);
    takeBack(scene, "mainframes");
    scene.targets.delete("cust-2");
    scene.run();
    return scene;
  },
  "a rollback where nothing ran before": () => {
    const scene = new Telling(update("patch"), server("staging", "Public"));
    scene.runPassing();
    return takeBack(scene, "public");
  },
  "a rollback of what never arrived at an empty place": () => {
    const scene = new Telling(update("patch"), server("staging", "Public"));
    scene.onOrder = () => SILENT;
    scene.run();
    scene.orders.clear();
    scene.now += scene.settings.deliveryMs;
    return takeBack(scene, "public");
  },
  "a restore that the agent cannot do": () => {
    const scene = completed();
    scene.onRestore = (_, key) => reported(key, "Failed", "SnapshotGone");
    takeBack(scene, "public");
    scene.onRestore = (target, key, release) => scene.restored(target, key, release);
    scene.act("rollback", "public", "ben", { slot: "2", token: scene.token(), reason: "the disk is back" });
    scene.run();
    return scene;
  },
  "a layer that cannot be put back": () => {
    const before = new Telling(update("before", layers("1", "9.4.1")), server("staging", "Public"));
    before.runPassing();
    const scene = new Telling(update("patch", layers("2", "9.4.2")), before.target("staging"));
    scene.agents.set("staging", before.agents.get("staging") ?? { state: "NotAsked" });
    scene.runPassing();
    scene.onRestore = (_, key) => reported(key, "Failed", "SnapshotGone");
    return takeBack(scene, "public");
  },
  "a restore after which the update still runs": () => {
    const scene = completed();
    scene.onRestore = (target, key) => {
      scene.restored(target, key, { version: "9.4.2", digest: scene.digest(), undoes: 1 });
      return reported(key, "Applied");
    };
    return takeBack(scene, "public");
  },
  "a restore that a wrong clock keeps out": () => {
    const scene = completed();
    scene.onRestore = () => ({ state: "Refused", reason: "NotYetValid", message: "the clock here says 1999" });
    return takeBack(scene, "public");
  },
  "a restore of what another update takes": () =>
    failedBack(completed(), (scene) => {
      scene.onRestore = () => SILENT;
      changeApp(scene, "staging", { claim: CLAIM });
    }),
  "a restore after which nothing runs": () => {
    const scene = completed();
    scene.onRestore = (target, key) => {
      const status = runs(target, "9.4.2", sha("a"), { sequence: 3 });
      scene.says(target.metadata.name, { ...status, apps: [] });
      return reported(key, "Applied");
    };
    return takeBack(scene, "public");
  },
  "nothing left to take back": () => {
    const scene = completed();
    scene.targets.delete("staging");
    return takeBack(scene, "public");
  },
  "a failed check where the server says Restore": () => {
    const scene = new Telling(update("patch"), server("staging", "Public", { onFailure: "Restore" }));
    scene.says("staging", runs(scene.target("staging"), "9.3.0", OLD));
    scene.run();
    scene.verdict("staging", "Failed");
    scene.run();
    return scene;
  },
  "a mainframe that fails": () => {
    const scene = new Telling(
      update("patch"),
      server("ra-01", "Omega"),
      mainframe("cust-1"),
      server("staging", "Public"),
    );
    for (const target of scene.targets.values()) scene.says(target.metadata.name, runs(target, "9.3.0", OLD));
    scene.runPassing();
    scene.act("approve", "omega", "ann");
    scene.onOrder = (target, key) => {
      const answer = scene.applied(target, key);
      return target.kind === "Mainframe" ? reported(key, "Failed", "HealthFailed") : answer;
    };
    scene.runPassing();
    return scene;
  },
  "drift that is flagged": () => drifted("Flag"),
  "drift that is healed": () => {
    const scene = drifted("Heal");
    scene.run();
    scene.runPassing();
    return scene;
  },
  "a held target that is deleted": () => {
    const scene = new Telling(update("patch"), server("staging", "Public"));
    scene.run();
    scene.verdict("staging", "Failed");
    scene.run();
    scene.targets.delete("staging");
    scene.run();
    return scene;
  },
};
