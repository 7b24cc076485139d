import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const ROOT = new URL("../../../", import.meta.url).pathname;
const TEXT = readFileSync(`${ROOT}docs/security.md`, "utf8");
const THREATS = (TEXT.split(/^## /m).find((part) => part.startsWith("Threats")) ?? "")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| threat |"))
  .map((line) => {
    const [threat = "", stops = "", where = "", shownBy = ""] = line
      .replace(/^\||\|$/g, "")
      .split("|")
      .map((cell) => cell.trim());
    return { threat, stops, where, shownBy };
  });

/** `file`: title, and several of them with a semicolon between. */
const testsIn = (cell: string): readonly { readonly file: string; readonly title: string }[] =>
  cell.split(/; (?=`)/).map((one) => {
    const [, file = "", title = ""] = /^`([^`]+)`: (.+)$/.exec(one) ?? [];
    return { file, title };
  });

describe("each threat of docs/security.md names what stops it, where it stands and a test that is there", () => {
  test("and there are many", () => expect(THREATS.length).toBeGreaterThan(40));

  test.each(THREATS.map((row) => [row.threat, row] as const))("%s", (_threat, { stops, where, shownBy }) => {
    expect(stops).not.toBe("");
    const [, source = ""] = /^`((?:src|scripts|charts)\/[^`]+\.(?:ts|yaml))`$/.exec(where) ?? [];
    expect(source !== "" && existsSync(`${ROOT}${source}`), `where it stands: ${where}`).toBe(true);
    for (const { file, title } of testsIn(shownBy)) {
      expect(file !== "" && existsSync(`${ROOT}${file}`), `${file || shownBy} is no file`).toBe(true);
      const text = readFileSync(`${ROOT}${file}`, "utf8");
      expect(text.includes(`"${title}"`) || text.includes(`\`${title}\``), `${file} has no "${title}"`).toBe(true);
    }
  });
});
