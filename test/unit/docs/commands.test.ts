import { readdirSync, readFileSync } from "node:fs";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { deployProgram } from "../../../src/cli/program.ts";
import { licenceCommand } from "../../../src/licence/command.ts";
import { PLAIN } from "../cli.ts";
import { commandsIn } from "../markdown.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const DOCS = ["README.md", ...readdirSync(`${ROOT}docs`).map((name) => `docs/${name}`)];
const PROGRAMS: Readonly<Record<string, Command>> = {
  deploy: deployProgram({
    screen: { print: () => {}, complain: () => {}, width: 80, paint: PLAIN },
    run: () => Promise.resolve(),
    exit: () => {},
  }),
  "ashat licence": licenceCommand(),
};

/** What is wrong with a command as it is typed: a word that is no command, or an option that it does not have. */
function problemsOf(program: Command, words: readonly string[]): readonly string[] {
  const command = program.commands.find((one) => one.name() === words[0]);
  if (command === undefined) return words[0] === "help" ? [] : [`there is no ${program.name()} ${words[0] ?? ""}`];
  const known = [...command.options, ...program.options].flatMap(({ short, long }) => [short, long]);
  const asked = words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.replace(/=.*$/, ""));
  return asked.filter((word) => !known.includes(word)).map((word) => `${command.name()} has no ${word}`);
}

/** Commands in blocks and in lines of text, without the arguments that are only filled in. */
function typedIn(text: string): readonly string[] {
  const inline = [...text.matchAll(/`((?:deploy|ashat licence) [^`]+)`/g)].map(([, words = ""]) => words);
  const blocks = commandsIn(text).map((line) => line.replace(/^npm run -s (deploy|ashat) --/, "$1"));
  return [...inline, ...blocks];
}

test.each(DOCS)("%s names no command and no option that is not there", (path) => {
  const typed = typedIn(readFileSync(`${ROOT}${path}`, "utf8"));
  const wrong = typed.flatMap((line) =>
    Object.entries(PROGRAMS).flatMap(([name, program]) =>
      line.startsWith(`${name} `) ? problemsOf(program, line.slice(name.length + 1).split(/\s+/)) : [],
    ),
  );
  expect(wrong).toEqual([]);
});
