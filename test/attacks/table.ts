import type { Closed } from "./forgery.ts";

/** Rows of text under each other: the first column on the left, numbers on the right. */
export function tableOf(
  title: string,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 0 || !/^\d+$/.test(cell) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [title, ...all.map(line)].join("\n");
}

export const DECISIONS = ["Accepted", "NoRight", "Policy", "Invalid", "Conflict", "Unsupported", "Absent"] as const;

/** What was tried, and who closed it in which words: what was accepted has failed before it comes here. */
export const tableOfForgeries = (closed: readonly { readonly name: string; readonly how: Closed }[]): string =>
  `\n${tableOf(
    `Forgeries: ${closed.length} tried, 0 accepted`,
    ["", "forgery", "closed by", "in these words"],
    closed.map(({ name, how }, index) => [index + 1, name, how.by, how.said.slice(0, 90)]),
  )}\n`;
