#!/usr/bin/env node
/** `deploy`: what people type. Thin over the Kubernetes API, with the user's own rights. */
import type { Command } from "commander";
import { connect, type Login } from "./connect.ts";
import { EXIT } from "./exit.ts";
import type { Screen } from "./face.ts";
import { No } from "./no.ts";
import { paintWhen, wantsColour } from "./paint.ts";
import { deployProgram } from "./program.ts";
import { refusedRequest } from "./refused.ts";
import { complainNext } from "./say.ts";
import type { Session } from "./session.ts";
import { indented } from "./table.ts";

// Whoever reads may stop reading: `deploy history | head` is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(process.exitCode ?? EXIT.good);
  });

const screen: Screen = {
  print: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${line}\n`),
  width: process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY,
  paint: paintWhen(wantsColour(process.stdout, process.env)),
};

const INTERRUPTED = 130;
const stop = new AbortController();
process.once("SIGINT", () => {
  stop.abort();
  // A second one, or a call that does not end, must not keep the terminal.
  process.once("SIGINT", () => process.exit(INTERRUPTED));
});

const exit = (code: number): void => {
  process.exitCode = code;
};

const run = async (login: Login, work: (session: Session) => Promise<number>): Promise<void> => {
  const client = await connect(login);
  const { namespace = client.namespace } = login;
  const flag = login.namespace === undefined ? "" : ` -n ${login.namespace}`;
  try {
    exit(
      await work({
        client,
        namespace,
        screen,
        signal: stop.signal,
        now: Date.now,
        random: Math.random,
        env: process.env,
        deploy: (words) => `deploy ${words}${flag}`,
      }),
    );
  } catch (error) {
    throw refusedRequest(error, { what: "Looking at it", role: "ashat-viewer", namespace });
  } finally {
    await client.close();
  }
};

/** Wrong usage is one exit code, whichever command it was. */
const strict = (command: Command): Command => {
  command.exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.good : EXIT.usage));
  for (const sub of command.commands) strict(sub);
  return command;
};

const program = strict(deployProgram({ screen, run, exit }));
try {
  if (process.argv.length <= 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  if (stop.signal.aborted) exit(INTERRUPTED);
  else {
    const width = process.stderr.isTTY ? process.stderr.columns : Number.POSITIVE_INFINITY;
    for (const line of indented(error instanceof Error ? error.message : String(error), width, ""))
      screen.complain(line);
    if (error instanceof No) complainNext(screen, error.next);
    exit(error instanceof No ? error.code : EXIT.trouble);
  }
}
