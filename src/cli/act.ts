import { STAMP_REFUSAL } from "../api/action-policies.ts";
import { ApiError, conflict } from "../kube/errors.ts";
import { type Asked, annotationsFor } from "./action.ts";
import { type Update, UPDATES } from "./kinds.ts";
import { usage } from "./no.ts";
import { refusedAction } from "./refused.ts";
import type { Session } from "./session.ts";

const TRIES = 5;
const LONGEST_REASON = 512;

/** A reason as the record can keep it: one line. */
export function reasonFrom(text: string | undefined): { readonly reason?: string } {
  if (text === undefined) return {};
  const reason = text.trim();
  if (reason === "" || reason.length > LONGEST_REASON || /\p{Cc}/u.test(reason))
    throw usage(`A reason is one line of at most ${LONGEST_REASON} characters.`);
  return { reason };
}

/** The update with the action on it, and the annotation that it is. */
export interface Acted {
  readonly update: Update;
  readonly key: string;
}

/**
 * Writes one action into the slot that is free at that moment. The version that was read is a precondition: of two people
 * who act at once the second one reads again and takes the next slot. An API server that cannot stamp who acts says so, and
 * then the request carries the stamp, which that server compares with who asks.
 */
export async function act(
  { client, namespace }: Pick<Session, "client" | "namespace">,
  update: Update,
  asked: Asked,
  who: string,
): Promise<Acted> {
  let at = update;
  let stamp: string | undefined;
  for (let left = TRIES; ; left -= 1) {
    const { name, resourceVersion, uid, annotations = {} } = at.metadata;
    const write = annotationsFor(asked, annotations, stamp);
    try {
      const acted = await client.mergePatch(
        UPDATES,
        { namespace, name },
        { metadata: { uid, resourceVersion, annotations: write } },
      );
      return { update: acted, key: Object.keys(write)[0] ?? "" };
    } catch (error) {
      if (left === 1) throw refusedAction(error, { ...asked, who, namespace });
      if (conflict(error)) at = await client.get(UPDATES, { namespace, name });
      else if (stamp === undefined && error instanceof ApiError && error.message.includes(STAMP_REFUSAL)) stamp = who;
      else throw refusedAction(error, { ...asked, who, namespace });
    }
  }
}
