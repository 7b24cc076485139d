import type { Scene } from "./scene.ts";
import type { ScenarioName } from "./scenarios.ts";

/** What the process that holds the stage tells the one that plays on it. */
export type FromStage =
  | { readonly kind: "begun"; readonly step: string }
  | { readonly kind: "goesOn"; readonly step: string; readonly doing: string }
  | { readonly kind: "done"; readonly step: string; readonly seconds: number; readonly note: string }
  | { readonly kind: "ready"; readonly scene: Scene }
  | { readonly kind: "failed"; readonly message: string };

/** What the player tells the stage. Silence is an answer too: a stage whose player is gone and that was not kept ends itself. */
export type ToStage =
  { readonly kind: "set"; readonly scenario: ScenarioName } | { readonly kind: "keep" } | { readonly kind: "stop" };

/** The steps of the set-up, each shown when it is done. */
export const SETUP = [
  "control plane",
  "kinds, roles, policies",
  "a node",
  "database",
  "archive server and keys",
  "servers and agents",
  "people and their rights",
  "operator",
  "servers and licences known",
] as const;
export type SetupStep = (typeof SETUP)[number];

/** What is done anew for every scenario after the first. */
const AGAIN = 3;
export const PLAY = ["security-patch-001 on its way", "what came of it"] as const;

export const stepsOf = (scenarios: number): number => SETUP.length + (scenarios - 1) * AGAIN + scenarios * PLAY.length;
