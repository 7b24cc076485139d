import { switchByHand, waitForDrift } from "./by-hand.ts";
import { IN_A_HURRY } from "./checks.ts";
import { rebuild } from "./rebuild.ts";
import type { Scenario } from "./scenario.ts";
import { PLACES } from "./targets.ts";
import { closedNow } from "./window.ts";

export const SCENARIO_NAMES = [
  "main",
  "cancelled",
  "failed-verification",
  "rollback",
  "restore",
  "unlicensed",
  "emergency",
  "drift",
  "rebuilt",
] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

export const isScenario = (name: string): name is ScenarioName => SCENARIO_NAMES.some((known) => known === name);

const COMPLETED = { until: { phase: "Completed" } } as const;
const PUSH = { push: "the update" } as const;

/** Every scenario in the same words, so that the next one is a few lines here. */
export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  main: {
    shows: "an update from ALPHA through Public and OMEGA to three Licensed Mainframes",
    places: PLACES,
    thorough: true,
    steps: [PUSH, COMPLETED],
    updated: PLACES,
  },
  cancelled: {
    shows: "an update is cancelled while it waits for approval",
    tells:
      "Security fixes have passed ALPHA and staging and wait for the approval of OMEGA. Then a customer reports a fault in them. Ann, who could approve, cancels instead: production never gets it.",
    places: ["alpha", "public-staging", "omega-production"],
    steps: [
      PUSH,
      { until: { gate: "approvals" } },
      { say: "Ann has read the report and does not approve: she cancels." },
      { person: "ann", verb: "cancel", tier: "omega", reason: "a customer found a fault in it" },
      { until: { phase: "Cancelled" } },
      {
        say: "What staging runs stays there. The same artifact pushed again would need approvals on every tier: its digest is remembered.",
      },
    ],
    updated: ["alpha", "public-staging"],
  },
  "failed-verification": {
    shows: "a release that is too slow is found on the Public server, and goes no further",
    tells:
      "The new release answers everything, half a second later than it should. ALPHA does not measure; staging does, with a load of 20 requests a second. So the update is held there with the evidence, and OMEGA is not asked about.",
    places: ["alpha", "public-staging", "omega-production"],
    thorough: true,
    release: { delayMs: 500 },
    specs: { "public-staging": { checks: IN_A_HURRY } },
    steps: [
      PUSH,
      { until: { phase: "Held" } },
      { show: "message" },
      { say: "Nobody was asked for an approval: what did not pass staging cannot be approved for OMEGA." },
    ],
    updated: ["alpha", "public-staging"],
  },
  rollback: {
    shows: "a completed update is taken back, the mainframes first",
    tells:
      "An update has passed every tier and runs everywhere. Only then does somebody see that it invoices twice. Bob takes it back: the mainframes of the last wave first, then those before, then OMEGA itself.",
    places: ["public-staging", "omega-production", "cust-101", "cust-207"],
    steps: [
      PUSH,
      COMPLETED,
      { say: "It runs everywhere. Bob sees the second invoice and takes it back from OMEGA and all it feeds." },
      { person: "bob", verb: "rollback", tier: "omega", reason: "it invoices twice" },
      { until: { phase: "RolledBack" } },
      { say: "Staging keeps it for those who look for the fault." },
    ],
    updated: ["public-staging"],
  },
  restore: {
    shows: "production fails its checks, and is put back by itself",
    tells:
      "The release passes staging, where nobody measures how fast it is. OMEGA is measured under load and finds it too slow. Nobody has to get up: what a check proved wrong on OMEGA is put back at once, and the mainframes never get it.",
    places: ["public-staging", "omega-production", "cust-101"],
    release: { delayMs: 500 },
    specs: { "omega-production": { checks: IN_A_HURRY, onFailure: "Restore" } },
    steps: [PUSH, { until: { phase: "RolledBack", past: ["Held"] } }],
    updated: ["public-staging"],
  },
  unlicensed: {
    shows: "a mainframe whose licence does not cover the version gets nothing",
    tells:
      "Mainframe 207 is licensed for versions below 9.4.2. The others get the update; 207 waits by itself, holds nobody up, and the status says who can help and how.",
    places: ["public-staging", "omega-production", "cust-101", "cust-207"],
    licences: { "cust-207": ">=9 <9.4.2" },
    steps: [
      PUSH,
      { until: { gate: "licence", mainframes: "1/2" } },
      { show: "message" },
      { say: "With a new licence in its Mainframe it goes on by itself; its own agent checks the licence, too." },
    ],
    updated: ["public-staging", "omega-production", "cust-101"],
  },
  emergency: {
    shows: "an emergency goes through a shut maintenance window, with a name and a reason",
    tells:
      "OMEGA takes deliveries at night, two days from now. These fixes cannot wait. The window can be overridden, but not in silence: it takes a person with the right to, and a reason, which is recorded. Nothing skips the checks and the approvals.",
    places: ["public-staging", "omega-production"],
    specs: { "omega-production": { windows: [closedNow()] } },
    steps: [
      PUSH,
      { until: { gate: "window" } },
      { show: "message" },
      { person: "ann", verb: "override", tier: "omega", reason: "the hole is being exploited" },
      COMPLETED,
    ],
    updated: ["public-staging", "omega-production"],
  },
  drift: {
    shows: "somebody changes production by hand, and it is put right",
    tells:
      "The update runs on OMEGA. In a night shift somebody puts the old release back by hand, past ASHAT. The agent sees it, the Server says so within a minute, and because it says drift: Heal, the update is delivered again and verified.",
    places: ["public-staging", "omega-production"],
    specs: { "omega-production": { drift: "Heal" } },
    steps: [
      PUSH,
      COMPLETED,
      { does: switchByHand("omega-production") },
      { does: waitForDrift("omega-production") },
      { until: { phase: "Completed", reason: "DriftHealed" } },
    ],
    updated: ["public-staging", "omega-production"],
  },
  rebuilt: {
    shows: "everything in the cluster is lost and built again from Git, and nothing is delivered twice",
    tells:
      "An update has passed everywhere; its chain of records is exported. Then its namespace is wiped, with every update, record and server in it, and applied again from Git, with fifty updates of the past. What the servers run already decides: nothing is delivered, and the exported chain still proves who approved.",
    places: ["public-staging", "omega-production", "cust-101"],
    steps: [PUSH, COMPLETED, { does: rebuild }],
    updated: ["public-staging", "omega-production", "cust-101"],
  },
};
