import { EXIT } from "./exit.ts";
import type { Update } from "./kinds.ts";
import { waysOn } from "./next.ts";
import { DOCTOR } from "./unseen.ts";
import { sayNext } from "./say.ts";
import type { Session } from "./session.ts";
import { indented } from "./table.ts";

/** The sentence without the kubectl command at its end: the next command is said in our own words. */
export const withoutCommand = (message: string): string =>
  message.replace(/(; this verifies it again)?: kubectl .*$/s, "").replace(/[.]$/, "");

/** After an action: where the update is now and what comes next. */
export function sayWhereItIs(
  session: Session,
  update: Update,
  reached: boolean,
  next = waysOn(update, session.deploy, session.now()),
): number {
  const { screen } = session;
  if (!reached)
    screen.print("It is written down, and no operator has answered yet: where one runs, it goes on without you.");
  const { message } = update.status ?? {};
  if (message !== undefined)
    for (const line of indented(`Now: ${withoutCommand(message)}.`, screen.width, "")) screen.print(line);
  sayNext(session, reached || next.includes(DOCTOR) ? next : [...next, DOCTOR]);
  return EXIT.good;
}
