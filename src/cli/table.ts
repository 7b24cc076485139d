/** One column; of those with a `leave` the highest goes first where the screen is too narrow. */
export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string;
  readonly leave?: number;
  /** Colours the finished cell, which is as wide with it as without. */
  readonly paint?: (cell: string, row: Row) => string;
}

const GAP = "  ";
/** Below this a text beside its row would be a column of single words. */
const NARROW = 28;

export const oneLine = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, " ").trim();

/** A command runs to the end of its sentence: broken in two it could not be copied. */
const COMMAND = /(?:Next: |(?<=: |\bsee |\brun |\bor ))(?:kubectl|deploy|npm|ashat) [a-z].*$/;

const wordsOf = (line: string): readonly string[] => {
  const at = line.search(COMMAND);
  return at < 0
    ? line.split(" ")
    : [
        ...line
          .slice(0, at)
          .split(" ")
          .filter((word) => word !== ""),
        line.slice(at),
      ];
};

/** Words in lines of at most `width` characters; a longer word, and a command, has a line of its own. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of wordsOf(oneLine(text))) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A text under an indent, each line of it. */
export const indented = (text: string, width: number, indent: string): readonly string[] =>
  wrapped(text, Math.max(width - indent.length, NARROW)).map((line) => `${indent}${line}`);

/** A text whose further lines stand below its first, indented. */
export const hanging = (text: string, width: number): readonly string[] =>
  indented(text, width - GAP.length, "").map((line, index) => (index === 0 ? line : `${GAP}${line}`));

/**
 * Rows under their titles, never wider than the screen where columns can be left out. A `text` stands last: beside its row where there
 * is room for it, wrapped, else below.
 */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
  text?: Omit<Column<Row>, "leave">,
): readonly string[] {
  const widthOf = (column: Column<Row>): number =>
    Math.max(column.title.length, ...rows.map((row) => oneLine(column.of(row)).length));
  const kept = [...columns];
  const taken = (): number => kept.reduce((sum, column) => sum + widthOf(column) + GAP.length, 0);
  while (taken() - GAP.length > width) {
    const first = kept.reduce((a, b) => ((b.leave ?? 0) > (a.leave ?? 0) ? b : a));
    if (first.leave === undefined) break;
    kept.splice(kept.indexOf(first), 1);
  }
  const line = (cells: readonly string[]): string => cells.join(GAP).trimEnd();
  const titles = kept.map((column) => column.title.padEnd(widthOf(column)));
  const cells = (row: Row): readonly string[] =>
    kept.map((column) => {
      const cell = oneLine(column.of(row));
      const padding = " ".repeat(widthOf(column) - cell.length);
      return `${column.paint?.(cell, row) ?? cell}${padding}`;
    });
  if (text === undefined) return [line(titles), ...rows.map((row) => line(cells(row)))];
  const left = width - taken();
  if (left < NARROW)
    return [line(titles), ...rows.flatMap((row) => [line(cells(row)), ...indented(text.of(row), width, "    ")])];
  const indent = " ".repeat(taken());
  return [
    line([...titles, text.title]),
    ...rows.flatMap((row) => {
      const [first = "", ...more] = wrapped(text.of(row), left);
      return [line([...cells(row), first]), ...more.map((part) => `${indent}${part}`)];
    }),
  ];
}
