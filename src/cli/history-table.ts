import type { RawRecord } from "./records.ts";
import { oneLine, wrapped } from "./table.ts";

const COLUMNS = ["SEQ", "TIME", "TIER", "FROM", "TO", "REASON", "ACTOR"] as const;

const cells = ({ spec }: RawRecord): readonly string[] => [
  String(spec.seq),
  spec.time.replace(/\.\d+Z$/, "Z"),
  spec.tier ?? "-",
  spec.from ?? "-",
  spec.to,
  spec.reason,
  // The account of the operator is long and always the same.
  spec.actor.known === "Operator" ? "operator" : spec.actor.name,
];

/** One row per record. On a narrow screen the message stands below its row; elsewhere (a file, a pipe) a record is one line. */
export function historyTable(records: readonly RawRecord[], width = Number.POSITIVE_INFINITY): readonly string[] {
  const rows = [COLUMNS, ...records.map(cells)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  const taken = widths.reduce((sum, one) => sum + one + 2, 0);
  const longest = Math.max(0, ...records.map(({ spec }) => oneLine(spec.message).length));
  if (taken + longest <= width)
    return [
      `${line(COLUMNS)}  MESSAGE`,
      ...records.map((record) => `${line(cells(record))}  ${oneLine(record.spec.message)}`),
    ];
  const indent = " ".repeat((widths[0] ?? 0) + 2);
  return [
    line(COLUMNS).trimEnd(),
    ...records.flatMap((record) => [
      line(cells(record)).trimEnd(),
      ...wrapped(record.spec.message, width - indent.length).map((part) => `${indent}${part}`),
    ]),
  ];
}
