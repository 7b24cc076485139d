import { watch } from "../kube/watch.ts";
import { type Update, UPDATES } from "./kinds.ts";
import { EXIT } from "./exit.ts";
import { idOf, shownAs } from "./names.ts";
import { isOver, type Say } from "./next.ts";
import { No } from "./no.ts";
import type { Session } from "./session.ts";
import { withoutCommand } from "./where.ts";

export interface Following {
  /** True ends it. */
  readonly until: (update: Update) => boolean;
  /** Told of every version that came. */
  readonly tell?: (update: Update) => void;
  /** Without it there is no end but the one hoped for, and Ctrl-C. */
  readonly timeoutMs?: number | undefined;
}

/** Looks at one update as it goes on; the last version seen when it is as hoped or the time is over. */
export async function follow(
  session: Session,
  update: Update,
  { until, tell, timeoutMs }: Following,
): Promise<{ readonly update: Update; readonly reached: boolean }> {
  const { client, namespace, random } = session;
  const { name, uid } = update.metadata;
  tell?.(update);
  if (until(update)) return { update, reached: true };
  const stop = new AbortController();
  const signal = AbortSignal.any([
    session.signal,
    stop.signal,
    ...(timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)]),
  ]);
  let last = update;
  try {
    for await (const event of watch(client, UPDATES, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
      signal,
      random,
    })) {
      if (event.type === "trouble") throw event.error;
      if (event.type === "gone") throw new No(`The update ${name} was deleted while it was looked at.`);
      if (event.type !== "put") continue;
      if (event.object.metadata.uid !== uid)
        throw new No(`The update ${name} was deleted and made again while it was looked at: that is another one.`);
      last = event.object;
      tell?.(last);
      if (until(last)) return { update: last, reached: true };
    }
  } finally {
    stop.abort();
  }
  if (session.signal.aborted) throw noLongerFollowed(last, session.deploy);
  return { update: last, reached: false };
}

/** Ctrl-C ends the looking and nothing else. */
export const noLongerFollowed = (update: Update, deploy: Say): No =>
  new No(
    isOver(update)
      ? `No longer followed: ${shownAs(update)} has ended.`
      : `No longer followed: Ctrl-C stops nothing of ${shownAs(update)}, which goes on without you.`,
    { next: [deploy(`status ${idOf(update)}`)], code: EXIT.interrupted },
  );

/** Says each new sentence once. */
export function newSentences(say: (line: string) => void): (update: Update) => void {
  let told: string | undefined;
  return ({ status }) => {
    if (status?.message === undefined || status.message === told) return;
    told = status.message;
    say(withoutCommand(status.message));
  };
}
