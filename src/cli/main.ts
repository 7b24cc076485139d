#!/usr/bin/env node
/** `deploy`: what people type. Thin over the Kubernetes API, with the user's own rights. */
import type { Command } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { goOnUnread } from "./broken-pipe.ts";
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

for (const stream of [process.stdout, process.stderr]) goOnUnread(stream);

const screen: Screen = {
  print: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${line}\n`),
  width: process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY,
  paint: paintWhen(wantsColour(process.stdout, process.env)),
};

const stop = new AbortController();
process.once("SIGINT", () => {
  stop.abort();
  // A second one, or a call that does not end, must not keep the terminal.
  process.once("SIGINT", () => process.exit(EXIT.interrupted));
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
  const [, , first, ...more] = process.argv;
  if (first === undefined) program.outputHelp();
  // Not an option of the program: `deploy push --version` says which version is pushed.
  else if (first === "--version" && more.length === 0) screen.print(manifest.version);
  else await program.parseAsync();
} catch (error) {
  if (stop.signal.aborted && !(error instanceof No && error.code === EXIT.interrupted)) exit(EXIT.interrupted);
  else {
    const width = process.stderr.isTTY ? process.stderr.columns : Number.POSITIVE_INFINITY;
    for (const line of indented(error instanceof Error ? error.message : String(error), width, ""))
      screen.complain(line);
    if (error instanceof No) complainNext(screen, error.next);
    exit(error instanceof No ? error.code : EXIT.trouble);
  }
}
