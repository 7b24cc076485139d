import { progressOf } from "../../../src/core/progress.ts";
import { messageOf } from "../../../src/core/sentences.ts";
import { situationAt } from "../../../src/core/situation.ts";

import { mainframe, type Patch, runs, server, sha, update } from "../fixtures.ts";
import { reported } from "../scene.ts";
import { Telling } from "./told.ts";

/** What the operator says of an update on its way forward. */

export const SILENT = {
  state: "NotAnswered",
  reason: "Unreachable",
  message: "https://x.example cannot be reached",
} as const;
export const CLAIM = { name: "other", uid: "uid-other", version: "9.5.0" };

export function toStaging(spec: Patch = {}, patch: Patch = {}): Telling {
  const scene = new Telling(update("patch", spec), server("staging", "Public", patch));
  scene.says("staging", runs(scene.target("staging"), "9.3.0", sha("0")));
  return scene;
}

export function toOmega(omega: Patch = {}, ...mainframes: readonly string[]): Telling {
  const scene = new Telling(
    update("patch"),
    server("staging", "Public"),
    server("ra-01", "Omega", omega),
    ...mainframes.map((name) => mainframe(name)),
  );
  scene.runPassing();
  return scene;
}

/** What the API server stores of a target, changed by somebody. */
export function changeApp(scene: Telling, name: string, change: Patch): void {
  const target = scene.target(name);
  const [app] = target.status.apps ?? [{ app: "default", sequence: 1 }];
  scene.targets.set(name, { ...target, status: { ...target.status, apps: [{ ...app, ...change }] } } as typeof target);
}

const LAYERS: Patch = {
  artifact: undefined,
  layers: ["database", "app", "web"].map((name, index, all) => ({
    name,
    artifact: { archive: { url: `https://alpha.example/${name}.tgz`, sha256: sha(String(index)) } },
    ...(index > 0 && { dependsOn: all.slice(index - 1, index) }),
  })),
};

const after = (scene: Telling, ...steps: readonly (() => unknown)[]): Telling => {
  for (const step of steps) step();
  return scene;
};
export const ran = (scene: Telling): Telling => after(scene, () => scene.run());

const lost = (order: Parameters<typeof reported>[2] & string): Telling => {
  const scene = toStaging();
  scene.onOrder = (_, key) => reported(key, "Failed", order);
  return ran(scene);
};

export const FORWARD: Readonly<Record<string, () => Telling>> = {
  "no server of a tier": () => ran(new Telling(update("patch"), server("ra-01", "Omega"))),
  "an image for a cluster": () =>
    ran(
      toStaging(
        { artifact: { image: { ref: "registry.example/ra", digest: `sha256:${sha("a")}` } } },
        { kubernetes: { serviceAccountName: "deployer" } },
      ),
    ),
  "an archive for a repository": () =>
    ran(toStaging({}, { git: { url: "ssh://git@host/deploy", path: "apps/staging", secretRef: { name: "git" } } })),
  "layers for one folder of a repository": () =>
    ran(toStaging(LAYERS, { git: { url: "ssh://git@host/deploy", path: "apps/staging", secretRef: { name: "git" } } })),
  "a layer that did not change under another version": () => {
    const before = new Telling(update("before", { ...LAYERS, version: "9.4.1" }), server("staging", "Public"));
    before.runPassing();
    const scene = new Telling(update("patch", LAYERS), before.target("staging"));
    const agent = before.agents.get("staging");
    if (agent !== undefined) scene.agents.set("staging", agent);
    return ran(scene);
  },
  "layers that wait for each other": () =>
    ran(
      toStaging({
        artifact: undefined,
        layers: [
          { name: "app", dependsOn: ["web"] },
          { name: "web", dependsOn: ["app"] },
        ].map((layer) => ({
          ...layer,
          artifact: { archive: { url: "https://alpha.example/a.tgz", sha256: sha("a") } },
        })),
      }),
    ),
  "an update that leaves a layer out": () => ran(toStaging(LAYERS)),
  "a layer that fails after another": () => {
    const scene = new Telling(update("patch", LAYERS), server("staging", "Public"));
    scene.onOrder = (target, key) =>
      key.includes(".app.") ? reported(key, "Failed", "HookFailed") : scene.applied(target, key);
    return ran(scene);
  },
  "an update that is no archive": () =>
    ran(toStaging({ artifact: { image: { ref: "registry.example/ra", digest: `sha256:${sha("a")}` } } })),
  "a check that is required and not configured": () =>
    ran(toStaging({}, { checks: { required: ["Health Check", "Database Connection"] } })),
  "an agent that does not answer": () => {
    const scene = toStaging();
    scene.agents.set("staging", SILENT);
    return ran(scene);
  },
  "an agent still at the order of another": () => {
    const scene = toStaging();
    const status = runs(scene.target("staging"), "9.3.0", sha("0"));
    scene.says("staging", { ...status, seen: status.seen.map((one) => ({ ...one, state: "Fetching" })) });
    return ran(scene);
  },
  "a server that another update has": () => {
    const scene = toStaging();
    changeApp(scene, "staging", { claim: CLAIM });
    return ran(scene);
  },
  "a server that a held update has": () => {
    const scene = toStaging();
    changeApp(scene, "staging", { claim: CLAIM });
    scene.holders.set("staging", "Held");
    return ran(scene);
  },
  "a way without trouble": () => {
    const scene = toOmega({}, "cust-1");
    scene.act("approve", "omega", "ann", { reason: "looked at it" });
    scene.runPassing();
    return scene;
  },
  "no mainframe": () => {
    const scene = toOmega();
    scene.act("approve", "omega", "ann");
    scene.runPassing();
    return scene;
  },
  "a commit that is waited for": () => {
    const scene = toStaging(
      { artifact: { image: { ref: "registry.example/ra", digest: `sha256:${sha("a")}` } } },
      { git: { url: "ssh://git@host/deploy", path: "apps/staging", secretRef: { name: "git" } } },
    );
    const message = "Kustomization prod/apps has not come to commit 4f2a yet.";
    const waits = { state: "Switching", reason: "OldRevision", message } as const;
    scene.onOrder = (_, key) => ({
      state: "Reported",
      report: { ...waits, key, activations: 1, at: "2030-01-01T00:00:00.000Z" },
    });
    return ran(scene);
  },
  "a delivery under way": () => {
    const scene = toStaging();
    scene.onOrder = (_, key) => ({
      state: "Reported",
      report: {
        key,
        state: "Fetching",
        reason: "Fetching",
        message: "It is fetched.",
        activations: 0,
        at: "2030-01-01T00:00:00.000Z",
      },
    });
    scene.run();
    scene.now += scene.settings.deliveryMs;
    return ran(scene);
  },
  "an order that never arrived": () => {
    const scene = toStaging();
    scene.onOrder = () => ({ state: "NotFound" });
    scene.beforeEffect = (effect) => {
      if (effect.do === "deliver") scene.now += scene.settings.deliveryMs;
    };
    return ran(scene);
  },
  "an agent that falls silent": () => {
    const scene = toStaging();
    scene.onOrder = () => SILENT;
    scene.run();
    scene.now += scene.settings.deliveryMs;
    return ran(scene);
  },
  "a refusal of the agent": () => {
    const scene = toStaging();
    scene.onOrder = () => ({ state: "Refused", reason: "SequenceTooLow", message: "Sequence 1 is not above 7." });
    return ran(scene);
  },
  "an order that failed": () => lost("HookFailed"),
  "what runs there already": () => {
    const scene = toStaging();
    scene.says("staging", runs(scene.target("staging"), "9.4.2", sha("a")));
    return ran(scene);
  },
  "a newer version there": () => {
    const scene = toStaging();
    scene.says("staging", runs(scene.target("staging"), "9.9.0", sha("0")));
    return ran(scene);
  },
  "the same version with another artifact": () => {
    const scene = toStaging();
    scene.says("staging", runs(scene.target("staging"), "9.4.2", sha("0")));
    return ran(scene);
  },
  "the same artifact under another version": () => {
    const scene = toStaging();
    scene.says("staging", runs(scene.target("staging"), "9.4.1", sha("a")));
    return ran(scene);
  },
  "an update id that was used": () => {
    const before = ran(new Telling(update("patch", { version: "9.0.0" }, "uid-before"), server("staging", "Public")));
    const scene = toStaging();
    scene.others = before.records.slice(0, 1);
    return ran(scene);
  },
  "a mainframe without a licence": () => {
    const scene = toOmega({}, "cust-1");
    scene.act("approve", "omega", "ann");
    scene.licences.set("cust-1", {
      valid: false,
      reason: "LicenceMissing",
      message: "Mainframe prod/cust-1 has no licence.",
    });
    scene.runPassing();
    return scene;
  },
  "a claim that is lost": () => {
    const scene = toStaging();
    scene.onOrder = () => SILENT;
    scene.run();
    changeApp(scene, "staging", { claim: CLAIM, sequence: 9 });
    return ran(scene);
  },
  "a target that is deleted on the way": () => {
    const scene = toStaging();
    scene.onOrder = () => SILENT;
    scene.run();
    scene.targets.delete("staging");
    return ran(scene);
  },
  "held, and running there": () => {
    const scene = toStaging();
    scene.run();
    scene.verdict("staging", "Failed");
    scene.run();
    scene.act("verify", "public", "ann", { reason: "the network was down" });
    return ran(scene);
  },
  "held, and not running there": () => lost("FetchFailed"),
  "held, and nobody knows what runs": () => {
    const scene = toStaging();
    scene.run();
    scene.verdict("staging", "Failed");
    scene.agents.set("staging", SILENT);
    return ran(scene);
  },
  "nothing stands in the way": () => {
    const scene = toStaging();
    const observed = scene.observed();
    const situation = situationAt("public", observed, progressOf(scene.records), scene.now);
    scene.told.push({ codes: ["Waiting"], text: messageOf(situation, "Waiting", []) });
    return scene;
  },
  "an update that is being deleted": () => {
    const scene = toStaging();
    scene.run();
    const { deployment } = scene;
    const metadata = { ...deployment.metadata, deletionTimestamp: "2030-01-01T00:00:00.000Z" };
    scene.deployment = { ...deployment, metadata };
    return ran(scene);
  },
  "an update that is gone": () => {
    const scene = toStaging();
    scene.run();
    scene.hearFarewell();
    return scene;
  },
  "records that were changed": () => {
    const scene = toStaging();
    scene.run();
    scene.records = scene.records.map((record, at) =>
      at === 0 ? { ...record, message: "somebody wrote here" } : record,
    );
    return ran(scene);
  },
};
