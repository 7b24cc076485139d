import { server, update } from "../fixtures.ts";
import { changeApp, CLAIM, toOmega } from "./forward.ts";
import { Telling } from "./told.ts";

/** What the operator says to people who ended an update, or who asked in vain. */

const tokenOf = (scene: Telling, tier: string): string =>
  scene.deployment.status.tiers?.find(({ name }) => name === tier)?.token ?? "";

export const IN_VAIN: Readonly<Record<string, () => Telling>> = {
  "a cancel": () => {
    const scene = toOmega();
    scene.act("cancel", "omega", "ann", { reason: "wrong branch" });
    scene.run();
    scene.act("approve", "omega", "ben", { token: "0123456789abcdef" });
    scene.run();
    return scene;
  },
  "a cancel that names another token": () => {
    const scene = toOmega();
    scene.act("cancel", "omega", "ann", { token: "0123456789abcdef" });
    scene.run();
    return scene;
  },
  "a cancel of what has begun": () => {
    const scene = toOmega({}, "cust-1");
    scene.act("approve", "omega", "ann");
    scene.run();
    scene.act("cancel", "omega", "ann");
    scene.run();
    return scene;
  },
  "an action on a tier to come": () => {
    const scene = toOmega();
    scene.act("approve", "mainframes", "ann", { token: "0123456789abcdef" });
    scene.run();
    return scene;
  },
  "a verify that names another token": () => {
    const scene = new Telling(update("patch"), server("staging", "Public"));
    scene.run();
    scene.verdict("staging", "Failed");
    scene.run();
    scene.act("verify", "public", "ann", { token: "0123456789abcdef" });
    scene.run();
    return scene;
  },
  "a rollback of what was never delivered": () => {
    const scene = toOmega();
    scene.act("rollback", "omega", "ann");
    scene.run();
    return scene;
  },
  "a rollback that names another token": () => {
    const scene = toOmega();
    scene.act("rollback", "public", "ann", { token: "0123456789abcdef" });
    scene.run();
    return scene;
  },
  "a rollback under a newer update": () => {
    const scene = toOmega();
    changeApp(scene, "staging", { digest: "sha256:other", deployment: "newer" });
    scene.act("rollback", "public", "ann", { token: tokenOf(scene, "public") });
    scene.run();
    return scene;
  },
  "a rollback while another update is at work": () => {
    const scene = toOmega();
    changeApp(scene, "staging", { claim: CLAIM });
    scene.act("rollback", "public", "ann", { token: tokenOf(scene, "public") });
    scene.run();
    return scene;
  },
};
