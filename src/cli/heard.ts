import { follow, newSentences } from "./follow.ts";
import { ignoredBecause } from "./ignored.ts";
import type { Update } from "./kinds.ts";
import { idOf } from "./names.ts";
import { isMoving } from "./next.ts";
import { No } from "./no.ts";
import type { Session } from "./session.ts";

const REACTION_MS = 5_000;

/** Waits until the operator has done what was asked by this annotation, with `wait` until all of it is over; an error says why it does not do it. */
export async function heard(
  session: Session,
  asked: Update,
  key: string,
  isDone: (now: Update) => boolean,
  options: { readonly wait?: boolean; readonly timeoutMs: number },
): ReturnType<typeof follow> {
  const { screen, deploy } = session;
  const seen = (now: Update): boolean => isDone(now) || ignoredBecause(now, key) !== undefined;
  const after = await follow(session, asked, {
    until: options.wait === true ? (now) => seen(now) && !isMoving(now) : seen,
    ...(options.wait === true && { tell: newSentences(screen.complain) }),
    timeoutMs: options.wait === true ? options.timeoutMs : REACTION_MS,
  });
  const ignored = ignoredBecause(after.update, key);
  if (ignored !== undefined)
    throw new No(`It was asked, and the operator does not do it: ${ignored}.`, {
      next: [deploy(`status ${idOf(asked)}`)],
    });
  return after;
}
