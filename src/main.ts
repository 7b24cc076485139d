#!/usr/bin/env node
/** One program, several processes: each command is a process of the product. Loaded only when it is asked for. */
import { isMainThread } from "node:worker_threads";
import { Command } from "commander";
import manifest from "../package.json" with { type: "json" };

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  operator: async () => (await import("./controllers/command.ts")).operatorCommand(),
  doctor: async () => (await import("./controllers/doctor-command.ts")).doctorCommand(),
  agent: async () => (await import("./agent/command.ts")).agentCommand(),
  check: async () => (await import("./checks/command.ts")).checkCommand(),
  licence: async () => (await import("./licence/command.ts")).licenceCommand(),
};

const USAGE = 2;

// Whoever reads may stop reading: `ashat licence show | head` is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

/** What somebody asked for on the command line. */
async function command(): Promise<void> {
  const asked = process.argv[2] !== undefined && process.argv[2] in COMMANDS ? process.argv[2] : undefined;
  const wanted = asked === undefined ? Object.keys(COMMANDS) : [asked];
  const program = new Command("ashat")
    .description("Moves updates from ALPHA to the Licensed Mainframes: verified, approved, recorded.")
    .version(manifest.version, "--version", "says which ashat this is")
    // What stands behind a command is that command's: one of them may have a --version of its own.
    .enablePositionalOptions();
  /** Wrong usage ends with 2, whichever command it was; a command that went wrong ends as it says. A check ends itself. */
  const strict = (command: Command): void => {
    if (command.name() === "check") return;
    command.exitOverride(({ code, exitCode }) =>
      process.exit(exitCode === 0 || code === "commander.error" ? exitCode : USAGE),
    );
    for (const sub of command.commands) strict(sub);
  };
  for (const name of wanted) {
    const make = COMMANDS[name];
    if (make !== undefined) program.addCommand(await make());
  }
  strict(program);

  try {
    await program.parseAsync();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

// The bundle is one file, which is started again as the thread that reads what an author names.
if (isMainThread) await command();
else await import("./delivery/kubernetes/read-apart.ts");
