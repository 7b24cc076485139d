import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PLAIN } from "../../test/unit/cli.ts";
import { EXIT } from "./exit.ts";
import { SESSION } from "./help.ts";
import { deployProgram } from "./program.ts";

const program = deployProgram({
  screen: { print: () => {}, complain: () => {}, width: 80, paint: PLAIN },
  run: () => Promise.resolve(),
  exit: () => {},
});
const commands = program.commands.map((command) => command.name());
const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const typed = (text: string): readonly string[] => [...text.matchAll(/^ *deploy (\w+)/gm)].map(([, word = ""]) => word);

test("help shows the way of an update in commands that there are", () => {
  expect(typed(SESSION)).toEqual([
    "configure",
    "configure",
    "push",
    "verify",
    "approve",
    "status",
    "history",
    "servers",
  ]);
  expect(typed(SESSION).filter((word) => !commands.includes(word))).toEqual([]);
});

/** The help of one command, or of all, on a screen of this width. */
const helpAt = (width: number, ...path: readonly string[]): readonly string[] => {
  const command = path.reduce((at, name) => at.commands.find((one) => one.name() === name) ?? at, program);
  const said: string[] = [];
  for (const one of [program, ...program.commands])
    one.configureOutput({ writeOut: (text) => said.push(text), getOutHelpWidth: () => width });
  command.outputHelp();
  return said.join("").split("\n");
};

test.each([80, 100])("on a screen of %d columns no line of any help is wider", (width) => {
  for (const path of [[], ...commands.map((name) => [name])]) {
    const lines = helpAt(width, ...path);
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.filter((line) => line.length > width)).toEqual([]);
  }
});

test("help names every exit code, and every option that there is", () => {
  const lines = helpAt(80);
  for (const code of Object.values(EXIT)) expect(lines.filter((line) => line.startsWith(`  ${code} `))).toHaveLength(1);
  expect(lines.some((line) => line.startsWith("  --version "))).toBe(true);
  expect(helpAt(80, "status").some((line) => line.startsWith("  --version "))).toBe(false);
  expect(helpAt(80, "push").some((line) => line.startsWith("  --version <version> "))).toBe(true);
});

test("README shows the same way, and describes every command", () => {
  const section = readme.split(/^## /m).find((part) => part.startsWith("The `deploy` command line")) ?? "";
  const [session = ""] = /```sh\n([^`]*)```/.exec(section)?.slice(1) ?? [];
  expect(typed(session)).toEqual(typed(SESSION));
  const described = [...section.matchAll(/^\| (`.*?) \| /gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`(\w+)/g)].map(([, word = ""]) => word),
  );
  expect(described.toSorted()).toEqual(commands.toSorted());
});

test("a command that is typed is run with its options, wherever the namespace stands", async () => {
  const asked: unknown[] = [];
  for (const words of ["-n raos status x", "status x -n raos"]) {
    const one = deployProgram({
      screen: { print: () => {}, complain: () => {}, width: 80, paint: PLAIN },
      run: (login) => Promise.resolve(void asked.push(login.namespace)),
      exit: () => {},
    });
    await one.parseAsync(words.split(" "), { from: "user" });
  }
  expect(asked).toEqual(["raos", "raos"]);
});
