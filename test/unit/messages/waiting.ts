import type { Condition } from "../../../src/api/meta.ts";
import type { Rival } from "../../../src/core/observed.ts";
import { progressOf } from "../../../src/core/progress.ts";
import { nextRecord } from "../../../src/core/record.ts";
import { situationAt } from "../../../src/core/situation.ts";
import { soakGate } from "../../../src/core/soak.ts";
import { NOW, OFF, type Patch, server, update } from "../fixtures.ts";
import { changeApp, CLAIM, toOmega } from "./forward.ts";
import { Telling } from "./told.ts";

/** What the operator says to people who are waited for, or who asked in vain. */

const RIVAL: Rival = {
  name: "next",
  uid: "uid-next",
  version: "9.5.0",
  tier: "omega",
  begun: false,
  verified: true,
  held: false,
  quarantined: false,
};

/** An update that waits for OMEGA, approved by this person in this way. */
function approvedBy(
  who: string,
  approval: Patch,
  act: { readonly token?: string; readonly slot?: string } = {},
): Telling {
  const scene = toOmega({ approval });
  scene.act("approve", "omega", who, act);
  scene.run();
  return scene;
}

function soaking(is: Patch, ready = true): Telling {
  const conditions: Condition[] = [
    {
      type: "Ready",
      status: ready ? "True" : "False",
      reason: "Because",
      message: "connection refused",
      lastTransitionTime: new Date(NOW).toISOString(),
    },
  ];
  const scene = new Telling(
    update("patch"),
    server("staging", "Public", { soakSeconds: 3600 }, { conditions }),
    server("ra-01", "Omega"),
  );
  scene.runPassing();
  changeApp(scene, "staging", is);
  scene.run();
  return scene;
}

export const WAITING: Readonly<Record<string, () => Telling>> = {
  "nobody has approved": () => toOmega(),
  "two have to approve": () => approvedBy("ann", { required: 2 }),
  "one person in two slots": () => {
    const scene = approvedBy("ann", { required: 2 });
    scene.act("approve", "omega", "ann", { slot: "2" });
    scene.run();
    return scene;
  },
  "an approval without a stamp": () => {
    const scene = toOmega();
    scene.annotate({ "approve.ashat.raos.io/omega": scene.token() });
    scene.run();
    return scene;
  },
  "an approval that names another token": () => approvedBy("ann", {}, { token: "0123456789abcdef" }),
  "an approval of something that has changed": () => {
    const scene = approvedBy("ann", { required: 2 });
    const target = scene.target("ra-01");
    if (target.kind === "Server") scene.add({ ...target, spec: { ...target.spec, url: "https://moved.example" } });
    scene.run();
    return scene;
  },
  "an approval of a program": () => approvedBy("system:serviceaccount:argocd:argocd", {}),
  "an approval of the author": () => {
    const scene = new Telling(
      update("patch"),
      server("staging", "Public"),
      server("ra-01", "Omega", { approval: { author: "Deny" } }),
    );
    scene.annotate({ "by.ashat.raos.io/author": "ann" });
    scene.runPassing();
    scene.act("approve", "omega", "ann");
    scene.run();
    return scene;
  },
  "an approval of what a program created": () => {
    const scene = new Telling(
      update("patch"),
      server("staging", "Public"),
      server("ra-01", "Omega", { approval: { author: "Deny" } }),
    );
    scene.annotate({ "by.ashat.raos.io/author": "system:serviceaccount:flux-system:kustomize-controller" });
    scene.runPassing();
    scene.act("approve", "omega", "ann");
    scene.run();
    return scene;
  },
  "an approval where nobody knows the author": () => approvedBy("ann", { author: "Deny" }),
  "policies that are not in force": () => {
    const scene = toOmega();
    scene.policies = OFF;
    scene.run();
    scene.act("cancel", "omega", "ann", { token: scene.deployment.status.token?.value ?? "" });
    scene.run();
    return scene;
  },
  "a cancel without a stamp": () => {
    const scene = toOmega();
    scene.annotate({ "cancel.ashat.raos.io/omega": scene.token() });
    scene.run();
    return scene;
  },
  "a window that is shut": () => toOmega({ windows: [{ from: "02:00", to: "04:00" }] }),
  "a window in a zone that nobody knows": () =>
    toOmega({ windows: [{ from: "02:00", to: "04:00", timeZone: "Moon/Crater" }] }),
  "a window that is overridden": () => {
    const scene = toOmega({ windows: [{ from: "02:00", to: "04:00" }] });
    scene.act("approve", "omega", "ann");
    scene.act("override", "omega", "olga", { reason: "the shop is down" });
    scene.run();
    return scene;
  },
  "a window of a tier without approvals that is overridden": () => {
    const scene = new Telling(
      update("patch"),
      server("staging", "Public", { windows: [{ from: "02:00", to: "04:00" }] }),
    );
    scene.run();
    scene.act("override", "public", "olga", { reason: "the shop is down" });
    scene.run();
    return scene;
  },
  "an override without a reason": () => {
    const scene = toOmega({ windows: [{ from: "02:00", to: "04:00" }] });
    scene.act("override", "omega", "olga");
    scene.run();
    return scene;
  },
  "an override that names another token": () => {
    const scene = toOmega({ windows: [{ from: "02:00", to: "04:00" }] });
    scene.act("override", "omega", "olga", { reason: "please", token: "0123456789abcdef" });
    scene.run();
    return scene;
  },
  "what passed has to stay good": () => soaking({}),
  "what passed is not ready": () => soaking({}, false),
  "what passed is being updated": () => soaking({ claim: CLAIM }),
  "what passed was replaced": () => soaking({ digest: "sha256:other" }),
  "what passed has drifted": () => {
    const scene = soaking({});
    const target = scene.target("staging");
    const drifted = {
      type: "Drifted",
      status: "True",
      reason: "NotAsDelivered",
      message: "it runs 9.3.0",
      lastTransitionTime: new Date(NOW).toISOString(),
    } as const;
    const conditions = [...(target.status.conditions ?? []), drifted];
    scene.targets.set("staging", { ...target, status: { ...target.status, conditions } });
    scene.run();
    return scene;
  },
  "what passed is taken up again": () => {
    const scene = soaking({});
    const [move] = scene.records.filter(({ to }) => to === "Delivering");
    const again = {
      tier: "public",
      from: "Passed",
      to: "Delivering",
      reason: "DriftHealed",
      message: "again",
    } as const;
    const record = nextRecord(scene.observed(), scene.now, {
      ...again,
      ...(move?.targets && { targets: move.targets }),
    });
    scene.records = [...scene.records, record];
    const situation = situationAt("omega", scene.observed(), progressOf(scene.records), scene.now);
    scene.told.push({ codes: ["soak"], text: soakGate(situation)?.message ?? "" });
    return scene;
  },
  "an older update comes first": () => {
    const scene = toOmega({ queue: "Ordered" });
    scene.rivals = [{ ...RIVAL, version: "9.4.0", name: "before" }];
    scene.run();
    return scene;
  },
  "a newer update has come as far": () => {
    const scene = toOmega();
    scene.rivals = [RIVAL];
    scene.run();
    return scene;
  },
};
