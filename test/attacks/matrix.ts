import { ACTED_ON, PEOPLE, type Who, WORDS } from "./rights.ts";
import { type Change, type On, type Row, TOKEN, type Way } from "./row.ts";

/** Everybody, by every way, with every change that belongs together: the rows are made, and what must happen is not. */

export interface Group {
  readonly name: string;
  readonly rows: readonly Row[];
}

const UPDATE: On = { kind: "deployments", part: "object" };
const APPROVED: On = { kind: "deployments", part: "object", approved: true };
const RECORD: On = { kind: "deploymentrecords", part: "object" };
const approve: Change = { what: "act", word: "approve", tier: "omega", value: TOKEN };
const ANOTHER = "fedcba9876543210";

interface Cross {
  readonly who?: readonly Who[];
  readonly ways: readonly Way[];
  readonly on: readonly On[];
  readonly changes: readonly (readonly Change[])[];
  readonly dryRun?: readonly boolean[];
}

const cross = (name: string, { who = PEOPLE, ways, on, changes, dryRun = [false] }: Cross): Group => ({
  name,
  rows: who.flatMap((one) =>
    ways.flatMap((way) =>
      on.flatMap((place) =>
        changes.flatMap((list) => dryRun.map((dry): Row => ({ who: one, way, on: place, changes: list, dryRun: dry }))),
      ),
    ),
  ),
});

const each = (...what: readonly Exclude<Change["what"], "act">[]): readonly (readonly Change[])[] =>
  what.map((one) => [{ what: one }]);
const STATUS: readonly On[] = [
  { kind: "deployments", part: "status" },
  { kind: "servers", part: "status" },
  { kind: "mainframes", part: "status" },
];
const PATCHES: readonly Way[] = ["json-patch", "merge-patch", "apply", "forced-apply"];

export const MATRIX: readonly Group[] = [
  cross("every action on every tier", {
    ways: ["merge-patch"],
    on: [UPDATE],
    changes: WORDS.flatMap((word) =>
      ACTED_ON.map((tier) => [{ what: "act", word, tier, value: `${TOKEN} because` } as const]),
    ),
  }),
  cross("approving by every way, and as a dry run", {
    ways: ["create", "put", "strategic-patch", ...PATCHES],
    on: [UPDATE],
    changes: [[approve]],
    dryRun: [false, true],
  }),
  cross("a stamp or the author forged, invented or taken away, without an action", {
    ways: ["put", "merge-patch", "json-patch"],
    on: [APPROVED],
    changes: each("forge-stamp", "invent-stamp", "remove-stamp", "forge-author", "remove-author"),
  }),
  cross("a stamp or the author forged by apply", {
    ways: ["apply", "forced-apply"],
    on: [APPROVED],
    changes: each("forge-stamp", "forge-author"),
  }),
  cross("approving under another name, or as another author", {
    ways: ["create", "put", "merge-patch", "forced-apply"],
    on: [UPDATE],
    changes: [
      [approve, { what: "forge-stamp" }],
      [approve, { what: "forge-author" }],
    ],
  }),
  cross("created by another author", {
    ways: ["create"],
    on: [UPDATE],
    changes: each("forge-author", "forge-stamp"),
    dryRun: [false, true],
  }),
  cross("approving and changing in one request", {
    ways: ["put", "merge-patch"],
    on: [UPDATE],
    changes: each("spec", "label", "finalizer", "owner", "note").map((list) => [approve, ...list]),
  }),
  cross("changing without acting", {
    ways: ["merge-patch", "json-patch"],
    on: [APPROVED],
    changes: each("spec", "label", "finalizer", "owner", "note"),
  }),
  cross("withdrawing what somebody approved", {
    ways: ["put", "merge-patch", "json-patch"],
    on: [APPROVED],
    changes: each("withdraw"),
  }),
  cross("repeating, overwriting and standing beside what somebody approved", {
    ways: ["put", ...PATCHES],
    on: [APPROVED],
    changes: [[approve], [{ ...approve, value: ANOTHER }], [{ ...approve, slot: "2" }]],
  }),
  cross("writing the status of an update, a server, a mainframe", {
    ways: ["put", "strategic-patch", ...PATCHES],
    on: STATUS,
    changes: [[]],
  }),
  cross("a record created, changed, deleted", {
    ways: ["create", "delete", "deletecollection"],
    on: [RECORD],
    changes: [[]],
    dryRun: [false, true],
  }),
  cross("a record changed", { ways: ["put", ...PATCHES], on: [RECORD], changes: each("label") }),
  cross("an update deleted", {
    ways: ["delete", "deletecollection"],
    on: [UPDATE, APPROVED],
    changes: [[]],
    dryRun: [false, true],
  }),
  cross("an action on the other kind named Deployment", {
    ways: ["create", "put", "strategic-patch", ...PATCHES],
    on: [{ kind: "web", part: "object" }],
    changes: [[approve], [{ what: "label" }]],
  }),
  cross("a server or a mainframe created, changed, deleted", {
    ways: ["create", "put", "merge-patch", "delete", "deletecollection"],
    on: [
      { kind: "servers", part: "object" },
      { kind: "mainframes", part: "object" },
    ],
    changes: each("label"),
  }),
];
