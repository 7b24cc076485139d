import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { agentCommand } from "./agent/command.ts";
import { checkCommand } from "./checks/command.ts";
import { operatorCommand } from "./controllers/command.ts";
import { doctorCommand } from "./controllers/doctor-command.ts";
import { licenceCommand } from "./licence/command.ts";

const MAIN = new URL("main.ts", import.meta.url).pathname;
const COMMANDS = [operatorCommand(), doctorCommand(), agentCommand(), checkCommand(), licenceCommand()];

test("ashat says which version it is, as deploy does", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, "--version"]);
  expect(stdout).toBe(`${manifest.version}\n`);
});

test.each([...COMMANDS, ...licenceCommand().commands].map((command) => [command.name(), command.description()]))(
  "help says in one sentence what %s does",
  (_, description) => {
    expect(description).toMatch(/^[A-Z][a-z]+s [^]*[.]$/);
  },
);
