import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PLAIN } from "../../test/unit/cli.ts";
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
