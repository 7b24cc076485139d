/** Words in lines of at most `width` characters, every line after an indent. A longer word has a line of its own. */
export function wrap(text: string, width: number, indent = ""): readonly string[] {
  const lines: string[] = [];
  for (const word of text.replace(/\s+/g, " ").trim().split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && indent.length + last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => `${indent}${line}`);
}

/** A command of a shell in lines that can be pasted as they stand: broken between its words, never inside of quotes. */
export function wrapCommand(command: string, width: number, indent: string): readonly string[] {
  const lines: string[] = [];
  for (const word of command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? []) {
    const last = lines.at(-1);
    const before = lines.length === 1 ? indent.length : indent.length + CONTINUED.length;
    if (last !== undefined && before + last.length + 1 + word.length + " \\".length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map(
    (line, index) => `${index === 0 ? "" : indent + CONTINUED}${line}${index < lines.length - 1 ? " \\" : ""}`,
  );
}

const CONTINUED = "  ";

/** Columns under their heads, two spaces apart. Where they do not fit, those that say the least are left out, in the order given. */
export function table(
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
  spare: readonly string[] = [],
): readonly string[] {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const [least, ...more] = spare;
  if (least !== undefined && widths.reduce((sum, each) => sum + each + 2, -2) > width) {
    const out = head.indexOf(least);
    return table(
      rows.map((row) => row.filter((_, column) => column !== out)),
      width,
      more,
    );
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
