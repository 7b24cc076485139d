import { readFileSync } from "node:fs";

/** One sentence of a row of the catalogue in the docs. */
export interface Row {
  /** All of one of them stand beside the sentence: a type and its reason, or one of several reasons. */
  readonly codes: readonly (readonly string[])[];
  readonly pattern: string;
  /** Matches whole sentences: what stands between `<` and `>` is filled in. */
  readonly matches: RegExp;
  /** The name of a situation, or a test elsewhere. */
  readonly shownBy: string;
  readonly where: string;
}

const PATH = "docs/troubleshooting.md";
const HEAD = "| code | message |";

const quoted = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);

/** As a table of Markdown has it: a bar inside of a cell is written `\|`. */
const cellsOf = (line: string): readonly string[] =>
  line
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));

function expressionOf(pattern: string): RegExp {
  const parts = pattern.split(/<[^<>]+>/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join("[^]+?")}$`);
}

/** Every row of every table of the docs that begins with code and message. */
export function readCatalogue(root: string): readonly Row[] {
  const lines = readFileSync(`${root}/${PATH}`, "utf8").split("\n");
  let inside = false;
  return lines.flatMap((line, index): readonly Row[] => {
    if (!line.startsWith("|")) inside = false;
    if (line.startsWith(HEAD)) inside = true;
    if (!inside || !line.startsWith("| `")) return [];
    const [code = "", message = "", , shownBy = ""] = cellsOf(line);
    const codes = code.split(" or ").map(quoted);
    // Several sentences of one row ask the same of people; each of them has to be reached.
    return quoted(message).map((pattern) => ({
      codes,
      pattern,
      matches: expressionOf(pattern),
      shownBy,
      where: `${PATH}:${index + 1}`,
    }));
  });
}
