import { SETTINGS } from "../../../src/core/observed.ts";
import { mainframe, server, sha, update } from "../fixtures.ts";
import type { Scenario } from "./scenario.ts";

const archive = (digit: string) => ({
  artifact: { archive: { url: "https://alpha.example/ra.tgz", sha256: sha(digit) } },
});
const older = update("older", { version: "1.0.0", ...archive("a") });
const newer = update("newer", { version: "2.0.0", ...archive("b") });

const again = update("again", { version: "1.0.0", ...archive("a") });

const staging = server("staging", "Public");
const restoring = server("staging", "Public", { onFailure: "Restore" });
const omega = server("ra-01", "Omega", { approval: { required: 2 } });
const omegaChanged = server("ra-01", "Omega", { approval: { required: 2 }, checks: { security: {} } });
const one = server("ra-01", "Omega");

/** Alice acts under two slots: two annotations are not two people. */
const people = [
  { by: "alice", slot: "" },
  { by: "alice", slot: "2" },
  { by: "bob", slot: "3" },
];
const settings = { ...SETTINGS, attempts: 2, deliveryMs: 1_800_000 };

/** What is explored: each world is small, and together they have everything that can go wrong. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "two updates, one server",
    about: "claims, take-over of what is held, order of versions, crashes and late requests",
    updates: [older, newer],
    targets: [{ specs: [staging] }],
    people: [],
    budgets: {
      crash: 2,
      lostReply: 2,
      conflict: 1,
      silence: 1,
      delay: 2,
      clock: 1,
      badOutcome: 2,
      verify: 1,
      cancel: 1,
      remove: 1,
    },
    faults: 3,
    settings,
  },
  {
    name: "approvals",
    about: "two people for OMEGA, withdrawn, forged, voided by a change of the server or of the policies",
    updates: [older],
    targets: [{ specs: [staging], runs: 0 }, { specs: [omega, omegaChanged] }],
    people,
    budgets: {
      crash: 2,
      lostReply: 1,
      conflict: 1,
      delay: 1,
      approve: 3,
      withdraw: 1,
      cancel: 1,
      policiesOff: 1,
      forge: 1,
      respec: 1,
    },
    faults: 2,
    settings,
  },
  {
    name: "to the mainframes",
    about: "the whole way, with a mainframe that has a licence and one that has none",
    updates: [older],
    targets: [
      { specs: [staging] },
      { specs: [one] },
      { specs: [mainframe("cust-1")], licence: { valid: true, holder: "Example Ltd" } },
      {
        specs: [mainframe("cust-2")],
        licence: { valid: false, reason: "LicenceExpired", message: "it ended yesterday" },
      },
    ],
    people: [{ by: "alice", slot: "" }],
    budgets: {
      crash: 3,
      lostReply: 3,
      conflict: 2,
      silence: 2,
      delay: 2,
      clock: 1,
      badOutcome: 1,
      approve: 1,
      withdraw: 1,
      verify: 1,
      remove: 1,
    },
    faults: 4,
    settings,
  },
  {
    name: "two updates, two tiers",
    about: "a newer update overtakes an older one between PUBLIC and OMEGA",
    updates: [older, newer],
    targets: [{ specs: [staging] }, { specs: [one] }],
    people: [{ by: "alice", slot: "" }],
    budgets: { crash: 1, lostReply: 1, silence: 1, delay: 1, badOutcome: 1, approve: 2, rollback: 1, remove: 1 },
    faults: 1,
    settings,
  },
  {
    name: "taken back, one server",
    about:
      "two updates on one server, either of which somebody takes back at any time, while the other one comes or goes",
    updates: [older, newer],
    targets: [{ specs: [staging], runs: "before" }],
    people: [],
    budgets: {
      crash: 2,
      lostReply: 1,
      conflict: 1,
      silence: 1,
      delay: 1,
      clock: 1,
      badOutcome: 2,
      verify: 1,
      rollback: 3,
      forget: 1,
      remove: 1,
    },
    faults: 3,
    settings,
  },
  {
    name: "taken back, where both are",
    about: "the newer of two updates is there, and either is taken back, deleted or verified again",
    lead: [],
    updates: [older, newer],
    targets: [{ specs: [staging], runs: "before" }],
    people: [],
    budgets: {
      crash: 2,
      lostReply: 1,
      conflict: 1,
      silence: 2,
      delay: 1,
      clock: 1,
      badOutcome: 2,
      rollback: 3,
      forget: 1,
      remove: 1,
    },
    faults: 3,
    settings,
  },
  {
    name: "puts itself back",
    about: "a server that says Restore: failures that are written down put it back, at most once an hour",
    updates: [older, newer],
    targets: [{ specs: [restoring], runs: "before" }],
    people: [],
    budgets: {
      crash: 2,
      lostReply: 1,
      silence: 1,
      delay: 1,
      clock: 2,
      badOutcome: 3,
      verify: 1,
      rollback: 1,
      forget: 1,
      remove: 1,
    },
    faults: 3,
    settings,
  },
  {
    name: "taken back from the mainframes",
    about: "a completed update is rolled back on OMEGA, wave after wave, while a newer one comes",
    lead: ["older"],
    updates: [older, newer],
    targets: [
      { specs: [staging], runs: 0 },
      { specs: [one], runs: "before" },
      { specs: [mainframe("cust-1")], licence: { valid: true, holder: "Example Ltd" }, runs: "before" },
      { specs: [mainframe("cust-2", { wave: 2 })], licence: { valid: true, holder: "Example Ltd" }, runs: "before" },
    ],
    people: [{ by: "alice", slot: "" }],
    budgets: {
      crash: 2,
      lostReply: 1,
      silence: 2,
      delay: 1,
      clock: 1,
      badOutcome: 1,
      approve: 1,
      rollback: 2,
      forget: 1,
      remove: 1,
    },
    faults: 3,
    settings,
  },
  {
    name: "brought again",
    about: "an artifact that was cancelled or taken back comes again under another name",
    updates: [older, again],
    targets: [{ specs: [staging], runs: "before" }],
    people,
    budgets: {
      crash: 1,
      lostReply: 1,
      conflict: 1,
      delay: 1,
      clock: 1,
      badOutcome: 1,
      approve: 2,
      withdraw: 1,
      cancel: 1,
      rollback: 2,
      remove: 1,
    },
    faults: 2,
    settings,
  },
];
