import type { RawRecord } from "./records.ts";
import { layersMoved } from "./layers-moved.ts";
import { oneLine, wrapped } from "./table.ts";

interface Cell {
  readonly title: string;
  readonly of: (record: RawRecord) => string;
}

// The account of the operator is long and always the same.
const actorOf = ({ spec: { actor } }: RawRecord): string => (actor.known === "Operator" ? "operator" : actor.name);

const SEQ: Cell = { title: "SEQ", of: ({ spec }) => String(spec.seq) };
const TIME: Cell = { title: "TIME", of: ({ spec }) => spec.time.replace(/\.\d+Z$/, "Z") };
/** Without the year, and to the minute: the records keep the rest. */
const SHORT_TIME: Cell = { title: "TIME (UTC)", of: ({ spec }) => spec.time.slice(5, 16).replace("T", " ") };
const TIER: Cell = { title: "TIER", of: ({ spec }) => spec.tier ?? "-" };
const FROM: Cell = { title: "FROM", of: ({ spec }) => spec.from ?? "-" };
const TO: Cell = { title: "TO", of: ({ spec }) => spec.to };
const REASON: Cell = { title: "REASON", of: ({ spec }) => spec.reason };
const ACTOR: Cell = { title: "ACTOR", of: actorOf };

/** From all that is known to what a narrow screen has room for. What a record comes from is where the one before went to. */
const LAYOUTS: readonly (readonly Cell[])[] = [
  [SEQ, TIME, TIER, FROM, TO, REASON, ACTOR],
  [SEQ, TIME, TIER, TO, REASON, ACTOR],
  [SEQ, SHORT_TIME, TIER, TO, REASON, ACTOR],
  [SEQ, SHORT_TIME, TIER, TO, REASON],
  [SEQ, SHORT_TIME, TIER, TO],
  [SEQ, TIER, TO],
];

const GAP = 2;

/** One row per record. On a narrow screen the message stands below its row; elsewhere (a file, a pipe) a record is one line. */
export function historyTable(records: readonly RawRecord[], width = Number.POSITIVE_INFINITY): readonly string[] {
  const wide = (cell: Cell): number =>
    Math.max(cell.title.length, ...records.map((record) => oneLine(cell.of(record)).length));
  const taken = (layout: readonly Cell[]): number => layout.reduce((sum, cell) => sum + wide(cell) + GAP, 0);
  const layout = LAYOUTS.find((one) => taken(one) - GAP <= width) ?? LAYOUTS.at(-1) ?? [];
  const line = (of: (cell: Cell) => string): string =>
    layout
      .map((cell) => of(cell).padEnd(wide(cell)))
      .join(" ".repeat(GAP))
      .trimEnd();
  const titles = line(({ title }) => title);
  const row = (record: RawRecord): string => line((cell) => oneLine(cell.of(record)));
  const says = (record: RawRecord): string =>
    oneLine(layout.includes(ACTOR) ? saidOf(record) : `by ${actorOf(record)}: ${saidOf(record)}`);
  const longest = Math.max(0, ...records.map((record) => says(record).length));
  const left = taken(layout);
  if (left + longest <= width)
    return [
      `${titles.padEnd(left)}MESSAGE`,
      ...records.map((record) => `${row(record).padEnd(left)}${says(record)}`.trimEnd()),
    ];
  const indent = " ".repeat(wide(SEQ) + GAP);
  return [
    titles,
    ...records.flatMap((record) => [
      row(record),
      ...wrapped(says(record), width - indent.length).map((part) => `${indent}${part}`),
    ]),
  ];
}

function saidOf({ spec }: RawRecord): string {
  const layers = layersMoved(spec);
  return layers === "" ? spec.message : `${spec.message}; ${layers}`;
}
