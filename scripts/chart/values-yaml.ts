import { stringify } from "yaml";
import { isGroup, rows } from "./values-schema.ts";

const HEAD = `# Values of the chart ashat. Generated from scripts/chart/values.ts by \`npm run generate\`; a value that is not listed here is refused.
`;

const WIDTH = 110;

/** Words of a comment in lines of about the width, each behind the mark. */
const comment = (text: string, indent: string): string => {
  const lines = text.split(" ").reduce<readonly string[]>((done, word) => {
    const last = done.at(-1);
    return last === undefined || last.length + word.length >= WIDTH
      ? [...done, word]
      : [...done.slice(0, -1), `${last} ${word}`];
  }, []);
  return lines.map((line) => `${indent}# ${line}\n`).join("");
};

const indented = (text: string, indent: string): string =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => `${indent}${line}\n`)
    .join("");

export const valuesYaml = (): string =>
  HEAD +
  rows()
    .map(({ path, node }) => {
      const indent = "  ".repeat(path.length - 1);
      const name = path.at(-1) ?? "";
      const space = path.length === 1 ? "\n" : "";
      const choice = node.enum === undefined ? "" : ` One of ${node.enum.join(", ")}.`;
      const said = comment(`${node.description ?? ""}${choice}`, indent);
      const value = !isGroup(node) ? stringify({ [name]: node.default }, { lineWidth: 0 }) : `${name}:\n`;
      return `${space}${said}${indented(value, indent)}`;
    })
    .join("");
