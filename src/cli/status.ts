import { EXIT } from "./exit.ts";
import { follow, newSentences } from "./follow.ts";
import { UPDATES } from "./kinds.ts";
import { fleetOf, updateCalled } from "./lookup.ts";
import { idOf } from "./names.ts";
import { hasStopped, isOver, waysOn } from "./next.ts";
import { machine, type Output } from "./output.ts";
import { sayNext } from "./say.ts";
import type { Session } from "./session.ts";
import { statusDetail } from "./status-detail.ts";
import { shownUpdates, statusTable } from "./status-table.ts";
import { plural } from "./words.ts";

export interface StatusOptions {
  readonly all?: boolean;
  readonly watch?: boolean;
  readonly output?: Output;
  readonly timeout?: number;
}

/** Where the updates of a namespace are, or everything of one. */
export async function status(session: Session, typed: string | undefined, options: StatusOptions): Promise<number> {
  return typed === undefined ? statusOfAll(session, options) : statusOfOne(session, typed, options);
}

async function statusOfAll(
  { client, namespace, screen, now, deploy }: Session,
  { all = false, output }: StatusOptions,
): Promise<number> {
  const { items } = await client.list(UPDATES, { namespace });
  if (output !== undefined) {
    machine(screen, items, output, true);
    return EXIT.good;
  }
  const { shown, leftOut } = shownUpdates(items, now(), all);
  if (shown.length === 0) {
    screen.print(`No update is known in namespace ${namespace}.`);
    screen.print(`Next: ${deploy("push <id> '<description>'")}`);
    return EXIT.good;
  }
  for (const line of statusTable(shown, screen, now(), deploy)) screen.print(line);
  const [newest] = shown;
  if (newest !== undefined && shown.every(isOver)) screen.print(`Next: ${deploy(`status ${idOf(newest)}`)}`);
  if (leftOut > 0) screen.print(`${plural(leftOut, "update")} that ended before: ${deploy("status --all")}`);
  return EXIT.good;
}

async function statusOfOne(session: Session, typed: string, options: StatusOptions): Promise<number> {
  const { screen, now, deploy } = session;
  const found = await updateCalled(session, typed);
  const { update } =
    options.watch === true
      ? await follow(session, found, {
          until: hasStopped,
          tell: newSentences(screen.complain),
          timeoutMs: options.timeout === undefined ? undefined : options.timeout * 1000,
        })
      : { update: found };
  if (options.output !== undefined) {
    machine(screen, [update], options.output);
    return EXIT.good;
  }
  const fleet = await fleetOf(session);
  for (const line of statusDetail(update, fleet, screen, now())) screen.print(line);
  sayNext(session, waysOn(update, deploy, now()));
  return EXIT.good;
}
