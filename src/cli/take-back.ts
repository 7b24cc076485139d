import type { Tier } from "../api/group.ts";
import { act, reasonFrom } from "./act.ts";
import { EXIT } from "./exit.ts";
import { heard } from "./heard.ts";
import type { Update } from "./kinds.ts";
import { fleetOf, updateCalled } from "./lookup.ts";
import { idOf, shownAs } from "./names.ts";
import { begunTiers, nextOf } from "./next.ts";
import { No } from "./no.ts";
import { orDeleted } from "./refused.ts";
import { sayWhereItIs } from "./where.ts";
import type { Session } from "./session.ts";
import { indented } from "./table.ts";
import { cancelOf, rollbackOf, rollbackTier, type Undo } from "./undo.ts";
import { whoAmI } from "../kube/whoami.ts";
import { TIER_NAME } from "./words.ts";

export interface TakeBackOptions {
  readonly tier?: Tier;
  readonly reason?: string;
  readonly wait?: boolean;
  readonly timeoutMs: number;
}

/** `deploy cancel`: before an effect it goes no further, after one what ran before is put back. */
export async function cancel(session: Session, typed: string, options: TakeBackOptions): Promise<number> {
  const [update, fleet] = await Promise.all([updateCalled(session, typed), fleetOf(session)]);
  return takeBack(session, update, cancelOf(update, fleet), options, (error) =>
    orDeleted(error, update, session.namespace),
  );
}

/** `deploy rollback`: what ran before is put back, also of an update that is through. */
export async function rollback(session: Session, typed: string, options: TakeBackOptions): Promise<number> {
  const [update, fleet] = await Promise.all([updateCalled(session, typed), fleetOf(session)]);
  const tier = options.tier ?? rollbackTier(update);
  const undo: Undo =
    tier === undefined
      ? {
          can: false,
          why: "nothing of it was delivered anywhere yet, so there is nothing to put back; it can be cancelled",
        }
      : rollbackOf(update, tier, fleet);
  return takeBack(session, update, undo, options);
}

async function takeBack(
  session: Session,
  update: Update,
  undo: Undo,
  options: TakeBackOptions,
  refused = (error: unknown): unknown => error,
): Promise<number> {
  const { client, screen } = session;
  const reason = reasonFrom(options.reason);
  if (!undo.can)
    throw new No(`${shownAs(update)} was left as it is: ${undo.why}.`, { next: [waysOut(session, update)] });
  const { asked, will } = undo;
  const who = await whoAmI(client);
  const { update: written, key } = await act(session, update, { ...asked, ...reason }, who).catch((error: unknown) => {
    throw refused(error);
  });
  const headline =
    asked.verb === "cancel"
      ? `Cancelled: ${shownAs(update)}, by ${who}`
      : `Rollback of ${TIER_NAME[asked.tier]} asked: ${shownAs(update)}, by ${who}`;
  screen.print(screen.paint.good(`${headline}.`));
  for (const line of indented(`What happens: ${will}.`, screen.width, "")) screen.print(line);
  const seen = (now: Update): boolean =>
    now.status?.phase !== update.status?.phase || now.status?.message !== update.status?.message;
  const after = await heard(session, written, key, seen, options);
  return sayWhereItIs(session, after.update, after.reached) === EXIT.good && after.update.status?.phase !== "Held"
    ? EXIT.good
    : EXIT.no;
}

/** Never the same command again. */
function waysOut({ deploy, now }: Session, update: Update): string {
  const id = idOf(update);
  const { phase } = update.status ?? {};
  if (phase === "Completed") return deploy(`rollback ${id}`);
  if (begunTiers(update).length === 0 && phase !== undefined && phase !== "Cancelled") return deploy(`cancel ${id}`);
  return nextOf(update, deploy, now()) ?? deploy(`status ${id}`);
}
