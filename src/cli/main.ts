#!/usr/bin/env node
/** `deploy`: what people type. Thin over the Kubernetes API, with the user's own rights. */
import { Command } from "commander";
import { EXIT, historyCommand } from "./history.ts";

const face = {
  print: (line: string): void => console.log(line),
  complain: (line: string): void => console.error(line),
  width: process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY,
};

const program = new Command("deploy")
  .description("Looks at updates on their way from ALPHA to the Licensed Mainframes.")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.good : EXIT.usage));
program.addCommand(
  historyCommand(face, (code) => {
    process.exitCode = code;
  }).copyInheritedSettings(program),
);

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = EXIT.trouble;
}
